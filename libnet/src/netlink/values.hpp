// SPDX-License-Identifier: Apache-2.0
//
// Links, addresses, neighbours and routes as plain values, and how they are read out of the
// kernel's messages. A message that is damaged or of another kind gives no value.
#pragma once

#include "netlink/reader.hpp"

#include <paddock/net/address.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace paddock::net::netlink {

struct Link {
  std::uint32_t index = 0;
  std::string name;
  std::string kind;  // "veth", "bridge"; empty for hardware
  std::string alias;
  std::uint32_t group = 0;
  std::uint32_t mtu = 0;
  std::optional<MacAddress> mac;
  std::uint32_t peer = 0;    // index of the link below, or of the other end of a veth
  std::uint32_t master = 0;  // index of the bridge it is a port of
  bool up = false;
  bool promiscuous = false;
  bool all_multicast = false;
  std::uint32_t queue_length = 0;
};

inline constexpr std::uint32_t loopback_index = 1;  // of lo, in every namespace

struct Address {
  std::uint32_t link = 0;
  Prefix prefix;
  std::uint8_t scope = 0;
  bool passing = false;       // temporary, deprecated or not yet known to be unique
  std::uint8_t protocol = 0;  // who made it; 0: nobody said
  bool has_route = true;      // to its subnet; only looked at when the address is made
};

struct Neighbor {
  std::uint32_t link = 0;
  IpAddress address;
  std::optional<MacAddress> mac;
  bool permanent = false;
  std::uint8_t protocol = 0;  // who made it; 0: nobody said
};

struct Route {
  Prefix destination;
  // 0: none, as for unreachable. Of several next hops these two are the first one's.
  std::uint32_t link = 0;
  std::optional<IpAddress> gateway;  // of any family
  std::optional<IpAddress> source;
  std::uint32_t metric = 0;
  std::uint32_t mtu = 0;
  std::uint32_t advmss = 0;
  std::uint32_t table = 254;  // main
  std::uint8_t protocol = 0;
  std::uint8_t scope = 0;
  std::uint8_t type = 1;  // unicast
  bool onlink = false;
};

std::optional<Link> parse_link(const Message& message);
std::optional<Address> parse_address(const Message& message);
std::optional<Neighbor> parse_neighbor(const Message& message);
std::optional<Route> parse_route(const Message& message);

// What the kernel says of one request: its errno (0: done) and its explanation, if any.
struct Acknowledgement {
  int code = 0;
  std::string explanation;
};
std::optional<Acknowledgement> parse_acknowledgement(const Message& message);

}  // namespace paddock::net::netlink
