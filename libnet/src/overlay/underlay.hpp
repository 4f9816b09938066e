// SPDX-License-Identifier: Apache-2.0
//
// The network that carries the overlay, as seen from this host: which of its interfaces and
// addresses are used, and which peers are on the same link. Pure.
#pragma once

#include "netlink/values.hpp"

#include <paddock/net/error.hpp>
#include <paddock/net/overlay.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net::overlay {

// What the kernel says of the host, without what Paddock made.
struct HostFacts {
  std::vector<netlink::Link> links;
  std::vector<netlink::Address> addresses;
  std::vector<netlink::Route> routes;  // main table
};

struct UnderlayEnd {
  std::uint32_t link = 0;
  std::uint32_t mtu = 0;
  IpAddress address;

  friend bool operator==(const UnderlayEnd&, const UnderlayEnd&) = default;
};

// A network and whether its hosts are on the link of our end of that family.
struct Reach {
  Prefix network;
  bool on_link = false;

  friend bool operator==(const Reach&, const Reach&) = default;
};

struct Underlay {
  std::optional<UnderlayEnd> v4;
  std::optional<UnderlayEnd> v6;
  std::vector<Reach> reaches;  // the longest prefix first

  const std::optional<UnderlayEnd>& of(bool is_v4) const { return is_v4 ? v4 : v6; }
  // Whether packets to that address leave our end and need no gateway.
  bool on_link(const IpAddress& address) const;

  friend bool operator==(const Underlay&, const Underlay&) = default;
};

// Fails with a sentence when an interface or address asked for is not there, or none is usable. A
// family the interface has no address of is no failure: that end is absent.
Result<Underlay> choose_underlay(const OverlaySettings& settings, const HostFacts& facts);

}  // namespace paddock::net::overlay
