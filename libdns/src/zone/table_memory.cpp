// SPDX-License-Identifier: Apache-2.0
#include "zone/table_memory.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

namespace paddock::dns {
namespace {

constexpr std::size_t most_spare = std::size_t{1} << 20;  // octets, of one size

}  // namespace

TableMemory::Hold::~Hold() {
  if (generation_ != nullptr) generation_->is_over.store(true, std::memory_order_release);
}

TableMemory::~TableMemory() {
  while (first_ != nullptr) ::operator delete(std::exchange(first_, first_->after));
}

std::size_t TableMemory::common_size(std::size_t octets) {
  const std::size_t step = std::max<std::size_t>(std::bit_floor(octets) / 8, 1);
  return (octets + step - 1) / step * step;
}

void* TableMemory::take(std::size_t octets, Size size) {
  if (const auto found = spare_.find(octets); found != spare_.end() && !found->second.empty()) {
    void* block = found->second.back();
    found->second.pop_back();
    return block;
  }
  auto* header =
      new (::operator new(sizeof(Header) + octets)) Header{.octets = octets, .size = size};
  header->after = first_;
  if (first_ != nullptr) first_->before = header;
  first_ = header;
  return header + 1;
}

void TableMemory::free(void* block) {
  Header* header = static_cast<Header*>(block) - 1;
  if (header->size == Size::common) {
    auto& spare = spare_[header->octets];
    if ((spare.size() + 1) * header->octets <= most_spare) {
      spare.push_back(block);
      return;
    }
  }
  (header->before != nullptr ? header->before->after : first_) = header->after;
  if (header->after != nullptr) header->after->before = header->before;
  ::operator delete(header);
}

void TableMemory::retire(void* block) {
  if (generations_.empty()) return free(block);
  generations_.back().retired.push_back(block);
}

TableMemory::Hold TableMemory::hold(const std::shared_ptr<TableMemory>& memory) {
  auto& generations = memory->generations_;
  while (!generations.empty() && generations.front().is_over.load(std::memory_order_acquire)) {
    for (void* block : generations.front().retired) memory->free(block);
    generations.pop_front();
  }
  return {memory, generations.emplace_back()};
}

}  // namespace paddock::dns
