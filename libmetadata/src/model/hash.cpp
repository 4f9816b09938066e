// SPDX-License-Identifier: Apache-2.0
#include "model/hash.hpp"

#include <cstring>
#include <random>

namespace paddock::metadata {
namespace {

constexpr std::uint64_t k0 = 0x2d358dccaa6c78a5;
constexpr std::uint64_t k1 = 0x8bb84b93962eacc9;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

std::uint64_t seed() noexcept {
  static const std::uint64_t value = [] {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32U) | device();
  }();
  return value;
}

template <class Number>
Number number_at(const char* bytes) noexcept {
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

}  // namespace

// Sixteen bytes a step. What is left then, up to sixteen, is read as two numbers that overlap: its
// length, which is in the state already, tells how.
std::uint64_t hash_text(std::string_view text, std::uint64_t before) noexcept {
  const std::uint64_t secret = seed();
  std::uint64_t state = mix(before ^ secret, k0 ^ text.size());
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 16; at += 16, left -= 16) {
    state =
        mix(state ^ number_at<std::uint64_t>(at), secret ^ k1 ^ number_at<std::uint64_t>(at + 8));
  }
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  if (left >= 8) {
    first = number_at<std::uint64_t>(at);
    last = number_at<std::uint64_t>(at + left - 8);
  } else if (left >= 4) {
    first = number_at<std::uint32_t>(at);
    last = number_at<std::uint32_t>(at + left - 4);
  } else if (left > 0) {
    first = std::uint64_t{number_at<std::uint8_t>(at)} << 8U;
    first |= number_at<std::uint8_t>(at + left / 2);
    last = number_at<std::uint8_t>(at + left - 1);
  }
  return mix(state ^ first, secret ^ k1 ^ last);
}

std::uint64_t hash_address(const boost::asio::ip::address& address, std::uint64_t before) noexcept {
  const auto hash = [before](const auto& bytes) {
    return hash_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, before);
  };
  return address.is_v4() ? hash(address.to_v4().to_bytes()) : hash(address.to_v6().to_bytes());
}

}  // namespace paddock::metadata
