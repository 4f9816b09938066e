// SPDX-License-Identifier: Apache-2.0
//
// A shard: one small hash table of entries. The entries lie in a block that is only appended to and
// that all snapshots share; each snapshot has slots of its own, which say where its entries are. So
// a changed entry costs a copy of the slots, not of its neighbours.
#pragma once

#include "zone/entry.hpp"
#include "zone/table_memory.hpp"

#include <cstdint>
#include <span>

namespace paddock::dns {

// Where the entries of a shard are. The slots, 32 bits each, follow it in memory. Whoever shares it
// does not change it.
struct Slots {
  std::uint8_t* entries = nullptr;
  std::uint32_t mask = 0;      // slots - 1
  std::uint32_t live = 0;      // entries
  std::uint32_t taken = 0;     // slots not empty: live ones and tombstones
  std::uint32_t end = 0;       // behind the last entry
  std::uint32_t garbage = 0;   // octets of entries replaced or removed
  std::uint32_t capacity = 0;  // octets of the block of entries
  bool is_shared = false;      // the block of entries: a table may have it
};

// A slot is the entry's offset in units of four octets, and eight bits of the hash above it.
inline constexpr std::uint32_t empty_slot = 0;
inline constexpr std::uint32_t tombstone = 1;
inline constexpr std::uint32_t slot_tag(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 44) << 24;
}
inline constexpr std::uint32_t tag_bits = 0xFF000000;

struct alignas(16) Shard {
  Slots* slots = nullptr;  // null without entries
  // What a reader needs of the slots, beside their address: it need not fetch their head.
  const std::uint8_t* entries = nullptr;
  std::uint32_t mask = 0;

  std::uint32_t slot(std::uint32_t index) const {
    std::uint32_t value;
    const auto* first = reinterpret_cast<const std::uint8_t*>(slots) + sizeof(Slots);
    std::memcpy(&value, first + std::size_t{index} * 4, 4);
    return value;
  }
  const std::uint8_t* entry_at(std::uint32_t slot) const {
    return entries + std::size_t{slot & ~tag_bits} * 4;
  }
};
static_assert(sizeof(Shard) == 32);

// The first entry with the hash's tag that `is_it`, or null.
template <typename IsIt>
inline const std::uint8_t* probe(const Shard& shard, std::uint64_t hash,
                                 const IsIt& is_it) noexcept {
  if (!shard.slots) return nullptr;
  for (std::uint32_t i = static_cast<std::uint32_t>(hash);; ++i) {
    const std::uint32_t slot = shard.slot(i & shard.mask);
    if (slot == empty_slot) return nullptr;
    if (slot == tombstone || (slot & tag_bits) != slot_tag(hash)) continue;
    if (const std::uint8_t* entry = shard.entry_at(slot); is_it(entry)) return entry;
  }
}

// The entry called `name`, or a false view.
inline EntryView find_entry(const Shard& shard, std::span<const std::uint8_t> name,
                            std::uint64_t hash) noexcept {
  const std::uint8_t* found = probe(shard, hash, [name](const std::uint8_t* entry) {
    return entry[6] == name.size() &&  // EntryHeader::name_length
           std::memcmp(entry + sizeof(EntryHeader), name.data(), name.size()) == 0;
  });
  return found ? EntryView(found) : EntryView();
}
static_assert(offsetof(EntryHeader, name_length) == 6);

// Where find_entry() will look first, and then, once that is there, the entry it will find if there
// is one: for who fetches several before the first is needed. Null: nowhere.
inline const void* first_slot_of(const Shard& shard, std::uint64_t hash) noexcept {
  if (!shard.slots) return nullptr;
  const auto* first = reinterpret_cast<const std::uint8_t*>(shard.slots) + sizeof(Slots);
  return first + std::size_t{static_cast<std::uint32_t>(hash) & shard.mask} * 4;
}
inline const std::uint8_t* likely_entry_of(const Shard& shard, std::uint64_t hash) noexcept {
  return probe(shard, hash, [](const std::uint8_t*) { return true; });
}
inline constexpr std::size_t cache_line = 64;  // octets; most entries are on two

// The entry whose name hashes to `hash` and that has a set of `source`, or a false view.
EntryView find_source(const Shard& shard, std::uint64_t hash, std::uint32_t source,
                      std::uint64_t seed);

// Changes a shard whose slots are its own. Only the newest of those that share a block of entries
// may be changed: what it appends is beyond the end that the others know.
class ShardEditor {
 public:
  ShardEditor(Shard& shard, std::uint64_t seed, TableMemory& memory)
      : shard_(shard), seed_(seed), memory_(memory) {}

  // Adds the entry, or puts it in the place of the one with its name. `entry` must not point into
  // the shard.
  void store(std::span<const std::uint8_t> entry, std::uint64_t hash);

  void remove(std::span<const std::uint8_t> name, std::uint64_t hash);

  // Makes the slots the shard's own, which a table has.
  void own();

  // Gives up all room to grow, and what is in the way of it.
  void trim();

  // Gives up what removed entries hold, if it is much.
  void tidy();

 private:
  void set_slot(std::uint32_t index, std::uint32_t value);
  void insert(std::span<const std::uint8_t> entry, std::uint64_t hash);
  void rebuild(std::size_t extra_entries, std::size_t extra_bytes);
  void give_up(const Shard& shard);

  Shard& shard_;
  std::uint64_t seed_;
  TableMemory& memory_;
};

std::size_t memory_of(const Shard& shard);

}  // namespace paddock::dns
