// SPDX-License-Identifier: Apache-2.0
//
// The way from this host's pods to those of other hosts. The owner says who the peers are; Overlay
// keeps the kernel in agreement with that, also against what others do to it, and says what peers
// have to know of this host. docs/overlay.md lists what is made in the kernel.
#pragma once

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>
#include <paddock/net/export.hpp>
#include <paddock/net/namespace.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::net {

// none: packets find their way without us (routes of a cloud or of a router daemon).
enum class OverlayBackend { none, vxlan, host_gateway };

// "none", "vxlan", "host-gw"; absent for anything else.
PADDOCK_NET_EXPORT std::optional<OverlayBackend> parse_overlay_backend(std::string_view text);
PADDOCK_NET_EXPORT std::string_view to_string(OverlayBackend backend);

// Where a host is reached over one family of the underlay.
struct TunnelEnd {
  IpAddress underlay;
  std::optional<MacAddress> mac;  // of its VXLAN device; absent: it has none for this family

  friend bool operator==(const TunnelEnd&, const TunnelEnd&) = default;
};

// A host as the others have to know it. A peer is known again by its name.
struct Peer {
  std::string host;
  OverlayBackend backend = OverlayBackend::vxlan;
  std::uint32_t vni = 1;
  std::optional<TunnelEnd> v4;
  std::optional<TunnelEnd> v6;
  std::vector<Prefix> subnets;  // of its pods, both families

  friend bool operator==(const Peer&, const Peer&) = default;
};

struct OverlaySettings {
  std::string host;  // the name peers know this one by
  OverlayBackend backend = OverlayBackend::vxlan;
  std::uint32_t vni = 1;
  std::uint16_t port = 8472;
  // With vxlan: peers on the same link get plain routes, which cost nothing.
  bool direct_routing = false;
  // Devices are <prefix>.<vni> (IPv4 underlay) and <prefix>-v6.<vni>.
  std::string device_prefix = "paddock";
  // What the underlay carries, if less than the MTU of its interface; 0: that MTU.
  std::uint32_t underlay_mtu = 0;
  // Absent: the interface of the default route, else the first one with a global address.
  std::optional<std::string> interface;
  // Which of the interface's addresses to use; at most one for each family. Families not named
  // take the first.
  std::vector<IpAddress> addresses;

  friend bool operator==(const OverlaySettings&, const OverlaySettings&) = default;
};

// How packets get to a peer: not at all, by a plain route, or in a tunnel.
enum class PeerPath { none, direct, vxlan };

// Octets a packet grows by on an underlay of that family.
constexpr std::uint32_t vxlan_overhead(bool v4) { return v4 ? 50 : 70; }

// The same for ever for one host, network and family, so that peers need not be told after a
// reboot. Locally administered.
PADDOCK_NET_EXPORT MacAddress vtep_mac(std::string_view host, std::uint32_t vni, bool v4);

// Fails with invalid_argument and a sentence when these settings can never work.
PADDOCK_NET_EXPORT Result<void> check(const OverlaySettings& settings);

}  // namespace paddock::net
