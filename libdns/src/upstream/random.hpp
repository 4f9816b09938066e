// SPDX-License-Identifier: Apache-2.0
//
// Random: numbers of the kernel's generator, fetched in bulk, for message ids
// and spellings that nobody can guess (RFC 5452).
#pragma once

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace paddock::dns::upstream {

class Random {
 public:
  [[nodiscard]] std::uint16_t id() { return next<std::uint16_t>(); }
  [[nodiscard]] std::uint64_t bits() { return next<std::uint64_t>(); }

 private:
  template <class T>
  T next() {
    if (left_ < sizeof(T)) {
      if (::getrandom(bytes_.data(), bytes_.size(), 0) != static_cast<ssize_t>(bytes_.size())) {
        throw std::system_error(errno, std::generic_category(), "getrandom");
      }
      left_ = bytes_.size();
    }
    left_ -= sizeof(T);
    T number;
    std::memcpy(&number, &bytes_[left_], sizeof number);
    return number;
  }

  std::array<std::uint8_t, 256> bytes_;
  std::size_t left_ = 0;
};

}  // namespace paddock::dns::upstream
