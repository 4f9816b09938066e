// SPDX-License-Identifier: Apache-2.0
#include "zone/sources.hpp"

#include <algorithm>

namespace paddock::dns {

// Where the key is, or the empty slot where it belongs. Keys are hashes already.
std::size_t Sources::position(std::uint64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t index = key & mask;
  while (slots_[index].id != 0 && slots_[index].key != key) index = (index + 1) & mask;
  return index;
}

void Sources::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.id != 0) slots_[position(slot.key)] = slot;
  }
}

std::uint32_t Sources::id_of(std::uint64_t key) {
  std::size_t index = position(key);
  if (slots_[index].id != 0) return slots_[index].id;
  if ((used_ + 1) * 5 > slots_.size() * 4) {
    grow();
    index = position(key);
  }
  ++used_;
  std::uint32_t id = next_id_;
  if (free_ids_.empty()) {
    ++next_id_;
  } else {
    id = free_ids_.back();
    free_ids_.pop_back();
  }
  slots_[index] = {key, 0, id};
  return id;
}

std::span<const std::uint64_t> Sources::names_of(std::uint64_t key) const {
  const Slot& slot = slots_[position(key)];
  if (slot.id == 0 || slot.list == 0) return {};
  return {lists_.data() + slot.list + 1, lists_[slot.list]};
}

void Sources::set_names(std::uint64_t key, std::span<const std::uint64_t> names) {
  const std::size_t index = position(key);
  Slot& slot = slots_[index];
  if (slot.list != 0 && lists_[slot.list] == names.size()) {
    std::ranges::copy(names, lists_.begin() + slot.list + 1);
    return;
  }
  if (slot.list != 0) garbage_ += 1 + lists_[slot.list];
  slot.list = 0;
  if (names.empty()) return remove(index);
  if (garbage_ > lists_.size() / 4) compact();
  if (lists_.capacity() - lists_.size() < names.size() + 1) {
    lists_.reserve(lists_.size() + lists_.size() / 8 + names.size() + 1);
  }
  slot.list = static_cast<std::uint32_t>(lists_.size());
  lists_.push_back(names.size());
  lists_.insert(lists_.end(), names.begin(), names.end());
}

// Closes the gap, so that no search ends early (Knuth, volume 3, 6.4, algorithm R).
void Sources::remove(std::size_t index) {
  free_ids_.push_back(slots_[index].id);
  --used_;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t next = (index + 1) & mask; slots_[next].id != 0; next = (next + 1) & mask) {
    const std::size_t home = slots_[next].key & mask;
    if (((next - home) & mask) < ((next - index) & mask)) continue;
    slots_[index] = slots_[next];
    index = next;
  }
  slots_[index] = {};
}

void Sources::compact() {
  std::vector<std::uint64_t> lists{0};
  lists.reserve(lists_.size() - garbage_ + lists_.size() / 8);
  for (Slot& slot : slots_) {
    if (slot.id == 0 || slot.list == 0) continue;
    const auto from = lists_.begin() + slot.list;
    slot.list = static_cast<std::uint32_t>(lists.size());
    lists.insert(lists.end(), from, from + 1 + static_cast<std::ptrdiff_t>(*from));
  }
  lists_.swap(lists);
  garbage_ = 0;
}

std::size_t Sources::memory() const {
  return slots_.capacity() * sizeof(Slot) + lists_.capacity() * sizeof(std::uint64_t) +
         free_ids_.capacity() * sizeof(std::uint32_t);
}

}  // namespace paddock::dns
