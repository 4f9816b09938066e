// SPDX-License-Identifier: Apache-2.0
//
// The table of an AuthorityBuilder between two snapshots. What it shares with the last one is
// copied before it is changed, but for the entries themselves: new ones go behind them.
#pragma once

#include "zone/hash.hpp"
#include "zone/shard.hpp"
#include "zone/table.hpp"

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace paddock::dns {

class DraftTable {
 public:
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] std::uint64_t hash(std::span<const std::uint8_t> name) const {
    return hash_bytes(name, seed_);
  }

  // The entry called `name`, which hashes to `hash`, or a false view. Borrowed until the next
  // store() or remove().
  [[nodiscard]] EntryView find(std::span<const std::uint8_t> name, std::uint64_t hash) const {
    const Branch* branch = branches_[branch_of(hash)];
    return branch ? find_entry(branch->shards[shard_of(hash)], name, hash) : EntryView();
  }

  // Where find() will look, see shard.hpp.
  [[nodiscard]] const void* first_slot_of(std::uint64_t hash) const {
    const Branch* branch = branches_[branch_of(hash)];
    return branch ? dns::first_slot_of(branch->shards[shard_of(hash)], hash) : nullptr;
  }
  [[nodiscard]] const std::uint8_t* likely_entry_of(std::uint64_t hash) const {
    const Branch* branch = branches_[branch_of(hash)];
    return branch ? dns::likely_entry_of(branch->shards[shard_of(hash)], hash) : nullptr;
  }

  // The entry whose name hashes to `hash` and that has a set of `source`.
  [[nodiscard]] EntryView find_source(std::uint64_t hash, std::uint32_t source) const;

  // Adds the entry, or puts it in the place of the one with its name.
  void store(std::span<const std::uint8_t> entry, std::uint64_t hash);
  void remove(std::span<const std::uint8_t> name, std::uint64_t hash);

  // Gives a snapshot the table as it is, and shares all of it from now on.
  void share_with(AuthorityTable& snapshot);

 private:
  // The shard a hash belongs to, its slots made ours.
  Shard& own_shard(std::uint64_t hash);

  std::uint64_t seed_ = random_seed();
  std::shared_ptr<TableMemory> blocks_ = std::make_shared<TableMemory>();
  std::array<Branch*, AuthorityTable::width> branches_{};
  std::bitset<AuthorityTable::width> owned_branches_;
  std::bitset<AuthorityTable::width * Branch::width> is_owned_;
  std::vector<std::uint16_t> owned_shards_;
  std::size_t memory_ = 0;  // of the shards that are not owned
  std::size_t total_ = 0;   // of all shards, in the last snapshot
  std::size_t stored_ = 0;  // octets since the last snapshot
};

}  // namespace paddock::dns
