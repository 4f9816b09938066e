// SPDX-License-Identifier: Apache-2.0
//
// Remembers the values seen lately, so that equal ones share storage: a fixed number of slots,
// four to a hash, replaced in turn. What was forgotten is only stored twice. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace paddock::metadata {

template <class T, std::size_t sets>
class SharedCache {
 public:
  // The remembered value of this hash for which `is_equal` holds, or what `make` makes of it.
  template <class Equal, class Make>
  T find_or_make(std::uint64_t hash, Equal is_equal, Make make) {
    const std::size_t index = hash % sets;
    const std::scoped_lock lock(locks_[index % locks_.size()]);
    Set& set = (*sets_)[index];
    for (const T& value : set.values) {
      if (is_equal(value)) return value;
    }
    set.next = (set.next + 1) % set.values.size();
    return set.values[set.next] = make();
  }

 private:
  struct Set {
    std::array<T, 4> values;
    std::size_t next = 0;
  };
  std::unique_ptr<std::array<Set, sets>> sets_ = std::make_unique<std::array<Set, sets>>();
  std::array<std::mutex, 64> locks_;
};

}  // namespace paddock::metadata
