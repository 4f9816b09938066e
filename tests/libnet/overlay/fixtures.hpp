// SPDX-License-Identifier: Apache-2.0
//
// Hosts and peers to plan for.
#pragma once

#include "overlay/underlay.hpp"

#include <paddock/net/overlay.hpp>

#include <linux/rtnetlink.h>

#include <string>

namespace paddock::net::overlay::test {

inline IpAddress address(const std::string& text) { return boost::asio::ip::make_address(text); }
inline Prefix prefix(const std::string& text) { return Prefix::parse(text).value(); }
inline MacAddress mac(const std::string& text) { return MacAddress::parse(text).value(); }

inline netlink::Link link(std::uint32_t index, const std::string& name, std::uint32_t mtu) {
  netlink::Link made;
  made.index = index;
  made.name = name;
  made.mtu = mtu;
  made.up = true;
  return made;
}

inline netlink::Route route(const std::string& destination, std::uint32_t out,
                            const std::string& gateway, std::uint32_t metric) {
  netlink::Route made;
  made.destination = prefix(destination);
  made.link = out;
  if (!gateway.empty()) {
    made.gateway = address(gateway);
  }
  made.metric = metric;
  made.type = RTN_UNICAST;
  return made;
}

// eth0 with 192.0.2.1/24, eth1 with 198.51.100.1/24 and larger packets.
inline HostFacts two_links() {
  return {{link(1, "lo", 65536), link(2, "eth0", 1500), link(3, "eth1", 9000)},
          {{1, prefix("127.0.0.1/8"), RT_SCOPE_HOST},
           {2, prefix("192.0.2.1/24"), RT_SCOPE_UNIVERSE},
           {3, prefix("198.51.100.1/24"), RT_SCOPE_UNIVERSE}},
          {}};
}

inline OverlaySettings settings() {
  OverlaySettings made;
  made.host = "here";
  return made;
}

// 192.0.2.1 and 2001:db8::1, both /24 and /64 on link 2.
inline Underlay both_families() {
  Underlay underlay;
  underlay.v4 = UnderlayEnd{2, 1500, address("192.0.2.1")};
  underlay.v6 = UnderlayEnd{2, 1500, address("2001:db8::1")};
  underlay.reaches = {{prefix("2001:db8::/64"), true}, {prefix("192.0.2.0/24"), true}};
  return underlay;
}

inline Underlay v4_only() {
  Underlay underlay = both_families();
  underlay.v6.reset();
  return underlay;
}

// On another link than ours; 10.42.7.0/24 behind it.
inline Peer far_peer() {
  Peer peer;
  peer.host = "there";
  peer.v4 = TunnelEnd{address("203.0.113.7"), mac("02:00:00:00:00:07")};
  peer.subnets = {prefix("10.42.7.0/24")};
  return peer;
}

inline Peer near_peer() {
  Peer peer = far_peer();
  peer.v4->underlay = address("192.0.2.7");
  return peer;
}

}  // namespace paddock::net::overlay::test
