// SPDX-License-Identifier: Apache-2.0
//
// Addresses as paddock::net speaks of them: an IP address, an address with a prefix length, and a
// MAC address. Plain values: copy, compare, print.
#pragma once

#include <paddock/net/export.hpp>

#include <boost/asio/ip/address.hpp>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::net {

using IpAddress = boost::asio::ip::address;

// An address and how many of its leading bits name the network: "10.42.0.0/24", "fd00::7/128".
// length is at most 32 for IPv4 and 128 for IPv6; host bits may be set (see network()).
struct PADDOCK_NET_EXPORT Prefix {
  IpAddress address;
  unsigned length = 0;

  // "10.42.0.0/24"; a bare address gets the full length. Absent when text is neither.
  static std::optional<Prefix> parse(std::string_view text);
  // The prefix that holds this one address: /32 or /128.
  static Prefix host(const IpAddress& address);

  // The same network with all host bits zero.
  Prefix network() const;
  // The address with all host bits one.
  IpAddress last() const;
  bool contains(const IpAddress& other) const;
  std::string to_string() const;

  friend bool operator==(const Prefix&, const Prefix&) = default;
};

struct PADDOCK_NET_EXPORT MacAddress {
  std::array<std::uint8_t, 6> octets{};

  // "02:11:aa:bb:cc:dd", either case. Absent when text is anything else.
  static std::optional<MacAddress> parse(std::string_view text);
  // Locally administered, unicast, from the kernel's random source.
  static MacAddress random();
  std::string to_string() const;

  friend auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

}  // namespace paddock::net
