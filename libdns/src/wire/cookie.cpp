// SPDX-License-Identifier: Apache-2.0
#include "wire/cookie.hpp"

#include "wire/message.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace paddock::dns::wire {
namespace {

std::uint64_t load_little(const std::uint8_t* from, std::size_t size) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) word |= std::uint64_t{from[i]} << (8 * i);
  return word;
}

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t siphash_2_4(std::span<const std::uint8_t> bytes, const CookieSecret& key) noexcept {
  const std::uint64_t k0 = load_little(key.data(), 8);
  const std::uint64_t k1 = load_little(key.data() + 8, 8);
  SipState state{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                 k1 ^ 0x7465646279746573};
  const std::uint64_t size = bytes.size();
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) state.absorb(load_little(bytes.data(), 8));
  state.absorb(load_little(bytes.data(), bytes.size()) | size << 56);
  state.v2 ^= 0xFF;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::array<std::uint8_t, full_cookie_size> make_cookie(std::span<const std::uint8_t> sent,
                                                       const boost::asio::ip::address& client,
                                                       std::uint32_t unix_time,
                                                       const CookieSecret& secret) noexcept {
  std::array<std::uint8_t, 32> input{};  // client cookie, version and reserved, time, address
  std::memcpy(input.data(), sent.data(), client_cookie_size);
  input[8] = 1;
  store32(input.data() + 12, unix_time);
  std::size_t size = 16;
  if (client.is_v4()) {
    const auto address = client.to_v4().to_bytes();
    std::memcpy(input.data() + size, address.data(), address.size());
    size += address.size();
  } else {
    const auto address = client.to_v6().to_bytes();
    std::memcpy(input.data() + size, address.data(), address.size());
    size += address.size();
  }
  const std::uint64_t hash = siphash_2_4({input.data(), size}, secret);
  std::array<std::uint8_t, full_cookie_size> cookie;
  std::memcpy(cookie.data(), input.data(), 16);
  for (std::size_t i = 0; i < 8; ++i) {
    cookie[16 + i] = static_cast<std::uint8_t>(hash >> (8 * i));
  }
  return cookie;
}

bool is_own_cookie(std::span<const std::uint8_t> cookie, const boost::asio::ip::address& client,
                   std::uint32_t unix_time, const CookieSecret& secret) noexcept {
  constexpr std::int64_t longest = 60 * 60;
  constexpr std::int64_t earliest = -5 * 60;  // clocks of servers that share the secret
  if (cookie.size() != full_cookie_size) return false;
  const std::uint32_t made_at = load32(cookie.data() + 12);
  const std::int64_t age = static_cast<std::int32_t>(unix_time - made_at);
  if (age < earliest || age > longest) return false;
  return std::ranges::equal(make_cookie(cookie, client, made_at, secret), cookie);
}

}  // namespace paddock::dns::wire
