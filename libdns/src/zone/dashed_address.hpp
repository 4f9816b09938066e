// SPDX-License-Identifier: Apache-2.0
//
// Addresses written as labels: dots and colons turned into dashes.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace paddock::dns {

// The address a label spells, such as `10-0-0-1` or `fd00--1`. Allocates nothing.
struct SpeltAddress {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;  // 4 or 16
};
std::optional<SpeltAddress> parse_dashed(std::span<const std::uint8_t> label) noexcept;

// The wire form of the name whose PTR names the address, for lookups that may not allocate.
// Returns its length.
inline constexpr std::size_t max_reverse_name = 32 * 2 + 10;
std::size_t write_reverse_name(const SpeltAddress& address,
                               std::array<std::uint8_t, max_reverse_name>& out) noexcept;

// The label for an address. One that would begin or end in a dash gets a zero there.
std::string format_dashed(const boost::asio::ip::address& address);

}  // namespace paddock::dns
