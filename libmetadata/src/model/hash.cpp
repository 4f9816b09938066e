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

}  // namespace

std::uint64_t hash_text(std::string_view text, std::uint64_t before) noexcept {
  std::uint64_t state = mix(before ^ seed(), k0 ^ text.size());
  while (!text.empty()) {
    std::uint64_t word = 0;
    const auto taken = text.size() < sizeof word ? text.size() : sizeof word;
    std::memcpy(&word, text.data(), taken);
    state = mix(state ^ word, k1 ^ seed());
    text.remove_prefix(taken);
  }
  return mix(state, k0);
}

std::uint64_t hash_address(const boost::asio::ip::address& address, std::uint64_t before) noexcept {
  const auto hash = [before](const auto& bytes) {
    return hash_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, before);
  };
  return address.is_v4() ? hash(address.to_v4().to_bytes()) : hash(address.to_v6().to_bytes());
}

}  // namespace paddock::metadata
