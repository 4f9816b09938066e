// SPDX-License-Identifier: Apache-2.0
#include "zone/shard.hpp"

#include "zone/hash.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace paddock::dns {
namespace {

constexpr std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

constexpr std::size_t max_block = std::size_t{1} << 26;  // 24 bits of offset, four octets each

std::size_t slots_for(std::size_t entries) {
  return std::bit_ceil(std::max<std::size_t>(4, entries + entries / 3 + 1));
}

bool has_source(const EntryView& entry, std::uint32_t source) {
  const std::uint8_t* at = entry.sets();
  for (unsigned i = 0; i < entry.header().set_count; ++i) {
    if (EntryView::read_set(at).header.source == source) return true;
  }
  return false;
}

}  // namespace

ShardHeader ShardEditor::header() const {
  ShardHeader header;
  if (block_) std::memcpy(&header, block_.get(), sizeof header);
  return header;
}

void ShardEditor::set_header(const ShardHeader& header) {
  std::memcpy(block_.get(), &header, sizeof header);
}

std::uint32_t ShardEditor::slot(std::uint32_t index) const {
  std::uint32_t value;
  std::memcpy(&value, block_.get() + sizeof(ShardHeader) + std::size_t{index} * 4, 4);
  return value;
}

void ShardEditor::set_slot(std::uint32_t index, std::uint32_t value) {
  std::memcpy(block_.get() + sizeof(ShardHeader) + std::size_t{index} * 4, &value, 4);
}

void ShardEditor::rebuild(std::size_t extra_entries, std::size_t extra_bytes) {
  const Block old = block_;
  const ShardHeader before = header();
  const std::size_t slots = slots_for(before.live + extra_entries);
  const std::size_t start = sizeof(ShardHeader) + slots * 4;
  const std::size_t old_start =
      old ? sizeof(ShardHeader) + (std::size_t{before.slot_mask} + 1) * 4 : 0;
  const std::size_t used = before.end - old_start - before.garbage;
  const std::size_t capacity = start + used + extra_bytes;
  if (capacity > max_block) throw std::length_error("a shard of DNS names passes 64 MiB");
  block_ = std::make_shared_for_overwrite<std::uint8_t[]>(capacity);
  std::memset(block_.get(), 0, start);
  set_header({.slot_mask = static_cast<std::uint32_t>(slots - 1),
              .live = 0,
              .taken = 0,
              .end = static_cast<std::uint32_t>(start),
              .garbage = 0,
              .capacity = static_cast<std::uint32_t>(capacity)});
  for (std::uint32_t i = 0; old && i <= before.slot_mask; ++i) {
    std::uint32_t value;
    std::memcpy(&value, old.get() + sizeof(ShardHeader) + std::size_t{i} * 4, 4);
    if (value == empty_slot || value == tombstone) continue;
    const EntryView entry(old.get() + std::size_t{value & ~tag_bits} * 4);
    insert({entry.data(), entry.size()}, hash_bytes(entry.name(), seed_));
  }
}

// Room is there and no entry has this name.
void ShardEditor::insert(std::span<const std::uint8_t> entry, std::uint64_t hash) {
  ShardHeader now = header();
  std::uint32_t index = static_cast<std::uint32_t>(hash) & now.slot_mask;
  while (slot(index) > tombstone) index = (index + 1) & now.slot_mask;
  if (slot(index) == empty_slot) ++now.taken;
  set_slot(index, slot_tag(hash) | now.end / 4);
  std::memcpy(block_.get() + now.end, entry.data(), entry.size());
  now.end += static_cast<std::uint32_t>(padded(entry.size()));
  ++now.live;
  set_header(now);
}

void ShardEditor::store(std::span<const std::uint8_t> entry, std::uint64_t hash) {
  remove(EntryView(entry.data()).name(), hash);
  const ShardHeader now = header();
  const std::size_t size = padded(entry.size());
  const bool is_full = (std::size_t{now.taken} + 1) * 4 > (std::size_t{now.slot_mask} + 1) * 3;
  if (!block_ || is_full || now.capacity - now.end < size) {
    rebuild(1 + now.live / 4, size + (now.end - now.garbage) / 4);
  }
  insert(entry, hash);
}

void ShardEditor::remove(std::span<const std::uint8_t> name, std::uint64_t hash) {
  const EntryView entry = find_entry(block_, name, hash);
  if (!entry) return;
  ShardHeader now = header();
  const auto offset = static_cast<std::uint32_t>(entry.data() - block_.get());
  std::uint32_t index = static_cast<std::uint32_t>(hash) & now.slot_mask;
  while (slot(index) == tombstone || (slot(index) & ~tag_bits) * 4 != offset) {
    index = (index + 1) & now.slot_mask;
  }
  set_slot(index, tombstone);
  now.garbage += static_cast<std::uint32_t>(padded(entry.size()));
  --now.live;
  set_header(now);
}

void ShardEditor::own() {
  if (!block_) return;
  // As it is, for what changes in it is little; trim() clears up when that is worth it.
  const Block old = block_;
  ShardHeader now = header();
  const std::size_t room = 128 + now.end / 32;
  now.capacity = static_cast<std::uint32_t>(std::min(max_block, now.end + room));
  block_ = std::make_shared_for_overwrite<std::uint8_t[]>(now.capacity);
  std::memcpy(block_.get(), old.get(), now.end);
  set_header(now);
}

std::uint32_t ShardEditor::trim() {
  if (!block_) return 0;
  const ShardHeader now = header();
  if (now.live == 0) {
    block_.reset();
  } else if (now.capacity - now.end + now.garbage > now.capacity / 16) {
    rebuild(0, 0);
  }
  return header().slot_mask;
}

EntryView ShardEditor::find_source(std::uint64_t hash, std::uint32_t source) const {
  if (!block_) return {};
  const ShardHeader now = header();
  for (std::uint32_t i = static_cast<std::uint32_t>(hash) & now.slot_mask;;
       i = (i + 1) & now.slot_mask) {
    const std::uint32_t value = slot(i);
    if (value == empty_slot) return {};
    if (value == tombstone || (value & tag_bits) != slot_tag(hash)) continue;
    const EntryView entry(block_.get() + std::size_t{value & ~tag_bits} * 4);
    if (hash_bytes(entry.name(), seed_) == hash && has_source(entry, source)) return entry;
  }
}

std::size_t memory_of(const Block& block) {
  if (!block) return 0;
  ShardHeader header;
  std::memcpy(&header, block.get(), sizeof header);
  return header.capacity;
}

}  // namespace paddock::dns
