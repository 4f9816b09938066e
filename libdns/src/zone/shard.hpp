// SPDX-License-Identifier: Apache-2.0
//
// A shard: one small hash table of entries in one block of memory, shared by the snapshots it is
// part of. Only the builder that made a block may change it, and only until it gave it away.
#pragma once

#include "zone/entry.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace paddock::dns {

// ShardHeader, slots, entries. A null block is an empty shard.
using Block = std::shared_ptr<std::uint8_t[]>;

struct ShardHeader {
  std::uint32_t slot_mask = 0;  // slots - 1
  std::uint32_t live = 0;       // entries
  std::uint32_t taken = 0;      // slots not empty: live ones and tombstones
  std::uint32_t end = 0;        // behind the last entry
  std::uint32_t garbage = 0;    // octets of entries replaced or removed
  std::uint32_t capacity = 0;   // octets of the block
};
static_assert(sizeof(ShardHeader) == 24);

// A slot is the entry's offset in units of four octets, and eight bits of the hash above it.
inline constexpr std::uint32_t empty_slot = 0;
inline constexpr std::uint32_t tombstone = 1;
inline constexpr std::uint32_t slot_tag(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 44) << 24;
}
inline constexpr std::uint32_t tag_bits = 0xFF000000;

// The entry called `name`, or a false view. `slot_mask` is the header's, which a reader that knows
// it need not fetch from memory.
inline EntryView find_entry(const std::uint8_t* block, std::uint32_t slot_mask,
                            std::span<const std::uint8_t> name, std::uint64_t hash) noexcept {
  for (std::uint32_t i = static_cast<std::uint32_t>(hash);; ++i) {
    std::uint32_t slot;
    std::memcpy(&slot, block + sizeof(ShardHeader) + std::size_t{i & slot_mask} * 4, 4);
    if (slot == empty_slot) return {};
    if (slot == tombstone || (slot & tag_bits) != slot_tag(hash)) continue;
    const std::uint8_t* entry = block + std::size_t{slot & ~tag_bits} * 4;
    if (entry[6] == name.size() &&  // EntryHeader::name_length
        std::memcmp(entry + sizeof(EntryHeader), name.data(), name.size()) == 0) {
      return EntryView(entry);
    }
  }
}

// The same for a block that may be null.
inline EntryView find_entry(const Block& block, std::span<const std::uint8_t> name,
                            std::uint64_t hash) noexcept {
  if (!block) return {};
  ShardHeader header;
  std::memcpy(&header, block.get(), sizeof header);
  return find_entry(block.get(), header.slot_mask, name, hash);
}
static_assert(offsetof(EntryHeader, name_length) == 6);

// Changes a block that its builder still owns. The block may be replaced by a larger one.
class ShardEditor {
 public:
  ShardEditor(Block& block, std::uint64_t seed) : block_(block), seed_(seed) {}

  // Adds the entry, or puts it in the place of the one with its name. `entry` must not point into
  // the block.
  void store(std::span<const std::uint8_t> entry, std::uint64_t hash);

  void remove(std::span<const std::uint8_t> name, std::uint64_t hash);

  // Makes a block of its own for this builder, with some room to grow.
  void own();

  // Gives up room that is not worth its memory. Returns the slot mask.
  std::uint32_t trim();

  // The entry whose name hashes to `hash` and that has a set of `source`.
  EntryView find_source(std::uint64_t hash, std::uint32_t source) const;

 private:
  ShardHeader header() const;
  void set_header(const ShardHeader& header);
  std::uint32_t slot(std::uint32_t index) const;
  void set_slot(std::uint32_t index, std::uint32_t value);
  void insert(std::span<const std::uint8_t> entry, std::uint64_t hash);
  void rebuild(std::size_t extra_entries, std::size_t extra_bytes);

  Block& block_;
  std::uint64_t seed_;
};

std::size_t memory_of(const Block& block);

}  // namespace paddock::dns
