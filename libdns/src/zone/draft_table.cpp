// SPDX-License-Identifier: Apache-2.0
#include "zone/draft_table.hpp"

#include <malloc.h>

#include <algorithm>

namespace paddock::dns {
namespace {

// Shards that grow beside one another leave holes between them, a third of a large table; below
// this many the holes are used again by what comes next.
constexpr std::size_t many_shards = AuthorityTable::width * Branch::width / 2;

}  // namespace

Block& DraftTable::own_shard(std::uint64_t hash) {
  const std::size_t branch = branch_of(hash);
  if (!owned_branches_[branch]) {
    branches_[branch] = branches_[branch] ? std::make_shared<Branch>(*branches_[branch])
                                          : std::make_shared<Branch>();
    owned_branches_[branch] = true;
  }
  Block& block = branches_[branch]->shards[shard_of(hash)];
  const std::size_t index = branch * Branch::width + shard_of(hash);
  if (!owned_shards_[index]) {
    memory_ -= memory_of(block);
    ShardEditor(block, seed_).own();
    owned_shards_[index] = true;
  }
  return block;
}

EntryView DraftTable::find_source(std::uint64_t hash, std::uint32_t source) const {
  Branch* branch = branches_[branch_of(hash)].get();
  if (branch == nullptr) return {};
  return ShardEditor(branch->shards[shard_of(hash)], seed_).find_source(hash, source);
}

void DraftTable::store(std::span<const std::uint8_t> entry, std::uint64_t hash) {
  ShardEditor(own_shard(hash), seed_).store(entry, hash);
}

void DraftTable::remove(std::span<const std::uint8_t> name, std::uint64_t hash) {
  ShardEditor(own_shard(hash), seed_).remove(name, hash);
}

void DraftTable::share_with(AuthorityTable& snapshot) {
  const bool is_mostly_new = owned_shards_.count() > many_shards;
  for (std::size_t i = 0; i < owned_shards_.size(); ++i) {
    if (!owned_shards_[i]) continue;
    Branch& branch = *branches_[i / Branch::width];
    Block& block = branch.shards[i % Branch::width];
    branch.slot_masks[i % Branch::width] = ShardEditor(block, seed_).trim();
    memory_ += memory_of(block);
  }
  if (is_mostly_new) ::malloc_trim(0);
  std::ranges::copy(branches_, snapshot.branches.begin());
  owned_branches_.reset();
  owned_shards_.reset();
  snapshot.seed = seed_;
  snapshot.memory = memory_ + sizeof(Branch) * snapshot.branches.size();
}

}  // namespace paddock::dns
