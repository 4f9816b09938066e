// SPDX-License-Identifier: Apache-2.0
//
// The hash of a canonical wire name: eight octets at a time through a 64 by 64 bit multiplication.
// Not cryptographic; the secret seed keeps those who choose names from choosing collisions.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <span>

namespace paddock::dns {

inline std::uint64_t random_seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

inline std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t load_word(const std::uint8_t* from, std::size_t size = 8) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, size);
  return word;
}

inline std::uint64_t hash_bytes(std::span<const std::uint8_t> bytes, std::uint64_t seed) {
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t hash = seed ^ (left * 0x9E3779B97F4A7C15);
  std::uint64_t last = 0;
  if (left >= 8) {
    for (; left > 8; left -= 8, at += 8)
      hash = multiply_fold(hash ^ load_word(at), 0xA0761D6478BD642F);
    last = load_word(at + left - 8);
  } else if (left > 0) {
    last = load_word(at, left);
  }
  return multiply_fold(hash ^ last, 0xE7037ED1A0B428DB);
}

}  // namespace paddock::dns
