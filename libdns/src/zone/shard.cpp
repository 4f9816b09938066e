// SPDX-License-Identifier: Apache-2.0
#include "zone/shard.hpp"

#include "zone/hash.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <stdexcept>
#include <vector>

namespace paddock::dns {
namespace {

constexpr std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

constexpr std::size_t max_block = std::size_t{1} << 26;  // 24 bits of offset, four octets each
constexpr std::size_t fetched_ahead = 8;                 // entries, while a block is copied
constexpr std::uint32_t first_entry = 8;  // no offset that reads like an empty slot or a tombstone

std::size_t slots_for(std::size_t entries) {
  return std::bit_ceil(std::max<std::size_t>(4, entries + entries / 3 + 1));
}

std::uint8_t* first_slot(Slots& slots) {
  return reinterpret_cast<std::uint8_t*>(&slots) + sizeof(Slots);
}

std::size_t octets_of_slots(std::uint32_t mask) { return (std::size_t{mask} + 1) * 4; }

bool has_source(const EntryView& entry, std::uint32_t source) {
  const std::uint8_t* at = entry.sets();
  for (unsigned i = 0; i < entry.header().set_count; ++i) {
    if (EntryView::read_set(at).header.source == source) return true;
  }
  return false;
}

}  // namespace

void ShardEditor::set_slot(std::uint32_t index, std::uint32_t value) {
  std::memcpy(first_slot(*shard_.slots) + std::size_t{index} * 4, &value, 4);
}

void ShardEditor::rebuild(std::size_t extra_entries, std::size_t extra_bytes) {
  const Shard old = shard_;
  const std::size_t live = old.slots ? old.slots->live : 0;
  const std::size_t used = old.slots ? old.slots->end - old.slots->garbage : first_entry;
  const auto mask = static_cast<std::uint32_t>(slots_for(live + extra_entries) - 1);
  // Until a shard is changed its block is as large as it has to be. Afterwards many shards have
  // blocks of one size.
  const bool has_changes = old.slots && old.slots->is_shared && extra_bytes > 0;
  const auto size = has_changes ? TableMemory::Size::common : TableMemory::Size::odd;
  const std::size_t capacity =
      has_changes ? TableMemory::common_size(used + extra_bytes) : used + extra_bytes;
  if (capacity > max_block) throw std::length_error("a shard of DNS names passes 64 MiB");
  auto* entries = static_cast<std::uint8_t*>(memory_.take(capacity, size));
  shard_ = {.slots =
                new (memory_.take(sizeof(Slots) + octets_of_slots(mask), TableMemory::Size::common))
                    Slots{.entries = entries,
                          .mask = mask,
                          .end = first_entry,
                          .capacity = static_cast<std::uint32_t>(capacity)},
            .entries = entries,
            .mask = mask};
  std::memset(first_slot(*shard_.slots), 0, octets_of_slots(mask));
  std::vector<std::uint32_t> taken;
  taken.reserve(live);
  for (std::uint32_t i = 0; old.slots && i <= old.mask; ++i) {
    if (old.slot(i) > tombstone) taken.push_back(old.slot(i));
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (i + fetched_ahead < taken.size()) {
      const std::uint8_t* later = old.entry_at(taken[i + fetched_ahead]);
      __builtin_prefetch(later);
      __builtin_prefetch(later + cache_line);
    }
    const EntryView entry(old.entry_at(taken[i]));
    insert({entry.data(), entry.size()}, hash_bytes(entry.name(), seed_));
  }
  give_up(old);
}

// Of a shard whose slots are its own.
void ShardEditor::give_up(const Shard& shard) {
  if (!shard.slots) return;
  shard.slots->is_shared ? memory_.retire(shard.slots->entries)
                         : memory_.free(shard.slots->entries);
  memory_.free(shard.slots);
}

// Room is there and no entry has this name.
void ShardEditor::insert(std::span<const std::uint8_t> entry, std::uint64_t hash) {
  Slots& slots = *shard_.slots;
  std::uint32_t index = static_cast<std::uint32_t>(hash) & slots.mask;
  while (shard_.slot(index) > tombstone) index = (index + 1) & slots.mask;
  if (shard_.slot(index) == empty_slot) ++slots.taken;
  set_slot(index, slot_tag(hash) | slots.end / 4);
  std::memcpy(slots.entries + slots.end, entry.data(), entry.size());
  slots.end += static_cast<std::uint32_t>(padded(entry.size()));
  ++slots.live;
}

void ShardEditor::store(std::span<const std::uint8_t> entry, std::uint64_t hash) {
  remove(EntryView(entry.data()).name(), hash);
  const std::size_t size = padded(entry.size());
  if (!shard_.slots) {
    rebuild(1, size);
  } else {
    const Slots& slots = *shard_.slots;
    const bool is_full = (std::size_t{slots.taken} + 1) * 4 > octets_of_slots(slots.mask) / 4 * 3;
    if (is_full || slots.capacity - slots.end < size) {
      // While a table is filled no snapshot has a part in the block; later little changes in it.
      const std::size_t part = slots.is_shared ? 5 : 4;
      rebuild(1 + slots.live / 4, size + (slots.end - slots.garbage) / part);
    }
  }
  insert(entry, hash);
}

void ShardEditor::remove(std::span<const std::uint8_t> name, std::uint64_t hash) {
  const EntryView entry = find_entry(shard_, name, hash);
  if (!entry) return;
  Slots& slots = *shard_.slots;
  std::uint32_t index = static_cast<std::uint32_t>(hash) & slots.mask;
  while (shard_.slot(index) == tombstone || shard_.entry_at(shard_.slot(index)) != entry.data()) {
    index = (index + 1) & slots.mask;
  }
  set_slot(index, tombstone);
  slots.garbage += static_cast<std::uint32_t>(padded(entry.size()));
  --slots.live;
}

void ShardEditor::own() {
  if (!shard_.slots) return;
  Slots* shared = shard_.slots;
  const std::size_t octets = octets_of_slots(shared->mask);
  shard_.slots =
      new (memory_.take(sizeof(Slots) + octets, TableMemory::Size::common)) Slots(*shared);
  shard_.slots->is_shared = true;
  std::memcpy(first_slot(*shard_.slots), first_slot(*shared), octets);
  memory_.retire(shared);
}

void ShardEditor::trim() {
  if (!shard_.slots) return;
  const Slots& slots = *shard_.slots;
  if (slots.live == 0) {
    give_up(shard_);
    shard_ = {};
  } else if (slots.capacity - slots.end + slots.garbage > slots.capacity / 16) {
    rebuild(0, 0);
  }
}

void ShardEditor::tidy() {
  if (!shard_.slots) return;
  const Slots& slots = *shard_.slots;
  if (slots.live == 0 || slots.garbage > slots.capacity / 3) trim();
}

EntryView find_source(const Shard& shard, std::uint64_t hash, std::uint32_t source,
                      std::uint64_t seed) {
  const std::uint8_t* found = probe(shard, hash, [&](const std::uint8_t* at) {
    const EntryView entry(at);
    return hash_bytes(entry.name(), seed) == hash && has_source(entry, source);
  });
  return found ? EntryView(found) : EntryView();
}

std::size_t memory_of(const Shard& shard) {
  return shard.slots ? sizeof(Slots) + octets_of_slots(shard.mask) + shard.slots->capacity : 0;
}

}  // namespace paddock::dns
