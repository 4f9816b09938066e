// SPDX-License-Identifier: Apache-2.0
#include "zone/draft_table.hpp"

#include <malloc.h>

#include <algorithm>

namespace paddock::dns {
namespace {

constexpr std::size_t much = std::size_t{1} << 20;  // octets; holes of fewer are not worth a walk

static_assert(AuthorityTable::width * Branch::width <= 0x10000);  // indexes of 16 bits

}  // namespace

Shard& DraftTable::own_shard(std::uint64_t hash) {
  const std::size_t branch = branch_of(hash);
  if (!owned_branches_[branch]) {
    Branch* shared = branches_[branch];
    void* block = blocks_->take(sizeof(Branch), TableMemory::Size::common);
    branches_[branch] = shared ? new (block) Branch(*shared) : new (block) Branch();
    if (shared) blocks_->retire(shared);
    owned_branches_[branch] = true;
  }
  Shard& shard = branches_[branch]->shards[shard_of(hash)];
  const std::size_t index = branch * Branch::width + shard_of(hash);
  if (!is_owned_[index]) {
    memory_ -= memory_of(shard);
    ShardEditor(shard, seed_, *blocks_).own();
    is_owned_[index] = true;
    owned_shards_.push_back(static_cast<std::uint16_t>(index));
  }
  return shard;
}

EntryView DraftTable::find_source(std::uint64_t hash, std::uint32_t source) const {
  const Branch* branch = branches_[branch_of(hash)];
  if (branch == nullptr) return {};
  return dns::find_source(branch->shards[shard_of(hash)], hash, source, seed_);
}

void DraftTable::store(std::span<const std::uint8_t> entry, std::uint64_t hash) {
  stored_ += entry.size();
  ShardEditor(own_shard(hash), seed_, *blocks_).store(entry, hash);
}

void DraftTable::remove(std::span<const std::uint8_t> name, std::uint64_t hash) {
  ShardEditor(own_shard(hash), seed_, *blocks_).remove(name, hash);
}

void DraftTable::share_with(AuthorityTable& snapshot) {
  const bool is_mostly_new = stored_ > total_ / 2;
  for (const std::uint16_t index : owned_shards_) {
    Shard& shard = branches_[index / Branch::width]->shards[index % Branch::width];
    ShardEditor editor(shard, seed_, *blocks_);
    is_mostly_new ? editor.trim() : editor.tidy();
    memory_ += memory_of(shard);
    is_owned_[index] = false;
  }
  // Shards that grow beside one another leave holes between them, a third of a large table. Later
  // the holes are used again by what comes next.
  if (is_mostly_new && stored_ > much) ::malloc_trim(0);
  snapshot.hold = TableMemory::hold(blocks_);
  std::ranges::copy(branches_, snapshot.branches.begin());
  owned_branches_.reset();
  owned_shards_.clear();
  stored_ = 0;
  total_ = memory_;
  snapshot.seed = seed_;
  snapshot.memory = total_ + sizeof(Branch) * snapshot.branches.size();
}

}  // namespace paddock::dns
