// SPDX-License-Identifier: Apache-2.0
//
// Which source contributes to which names: a number and a sorted list of name hashes for each key.
// There are as many sources as pods, so everything lies in two arrays.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace paddock::dns {

class Sources {
 public:
  // The number of the source, which no other source has; a new one if the key is new.
  std::uint32_t id_of(std::uint64_t key);

  // The names it contributes to. Borrowed until the next call of anything else.
  std::span<const std::uint64_t> names_of(std::uint64_t key) const;

  // Replaces them; without names, the source is forgotten and its number free again. The key must
  // have come through id_of().
  void set_names(std::uint64_t key, std::span<const std::uint64_t> names);

  std::size_t memory() const;

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t list = 0;  // of its count in lists_; 0 while it has no names
    std::uint32_t id = 0;    // 0: the slot is empty
  };

  std::size_t position(std::uint64_t key) const;
  void grow();
  void remove(std::size_t index);
  void compact();

  std::vector<Slot> slots_ = std::vector<Slot>(16);
  std::size_t used_ = 0;
  std::vector<std::uint64_t> lists_{0};  // count, names, count, names…
  std::size_t garbage_ = 0;              // of lists_
  std::vector<std::uint32_t> free_ids_;
  std::uint32_t next_id_ = 1;
};

}  // namespace paddock::dns
