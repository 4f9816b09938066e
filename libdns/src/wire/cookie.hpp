// SPDX-License-Identifier: Apache-2.0
//
// Server cookies as RFC 9018 makes them, so that every server with the same secret agrees: version
// 1, three zero octets, a timestamp, and SipHash-2-4 over it, the client's cookie and address.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <array>
#include <cstdint>
#include <span>

namespace paddock::dns::wire {

inline constexpr std::size_t client_cookie_size = 8;
inline constexpr std::size_t full_cookie_size = 24;

using CookieSecret = std::array<std::uint8_t, 16>;

std::uint64_t siphash_2_4(std::span<const std::uint8_t> bytes, const CookieSecret& key) noexcept;

// The client's cookie (the first eight octets of `sent`) and ours behind it.
std::array<std::uint8_t, full_cookie_size> make_cookie(std::span<const std::uint8_t> sent,
                                                       const boost::asio::ip::address& client,
                                                       std::uint32_t unix_time,
                                                       const CookieSecret& secret) noexcept;

// Whether a client has this cookie from a server with the secret, in the last hour (RFC 9018,
// 4.3), and so is where its queries say it is.
bool is_own_cookie(std::span<const std::uint8_t> cookie, const boost::asio::ip::address& client,
                   std::uint32_t unix_time, const CookieSecret& secret) noexcept;

}  // namespace paddock::dns::wire
