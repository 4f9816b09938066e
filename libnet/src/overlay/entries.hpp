// SPDX-License-Identifier: Apache-2.0
//
// What one peer needs in the kernel, as values. Links are named by their part, since indexes change
// when a device is made anew.
#pragma once

#include "overlay/underlay.hpp"

#include <paddock/net/overlay.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net::overlay {

// By which of this host's links packets leave; none is a refusal by the kernel.
enum class Way : std::uint8_t { none, tunnel_v4, tunnel_v6, link_v4, link_v6 };
constexpr std::size_t ways = 5;
using WayLinks = std::array<std::uint32_t, ways>;  // index of the link of each, 0: there is none

// The peer's device answers for that address of its.
struct NeighborEntry {
  Way way = Way::none;
  IpAddress address;
  MacAddress mac;

  friend bool operator==(const NeighborEntry&, const NeighborEntry&) = default;
};

// Frames to that MAC address go to that host.
struct ForwardingEntry {
  Way way = Way::none;
  MacAddress mac;
  IpAddress underlay;

  friend bool operator==(const ForwardingEntry&, const ForwardingEntry&) = default;
};

struct RouteEntry {
  Prefix destination;
  Way way = Way::none;
  IpAddress gateway;  // unspecified with Way::none, and into WireGuard

  friend bool operator==(const RouteEntry&, const RouteEntry&) = default;
};

// The host with that key is behind the WireGuard device: what is for these networks goes to it, and
// comes from nobody else.
struct SecureEntry {
  Way way = Way::none;
  WireguardKey key;
  IpAddress underlay;
  std::vector<Prefix> allowed;

  friend bool operator==(const SecureEntry&, const SecureEntry&) = default;
};

struct PeerEntries {
  std::vector<NeighborEntry> neighbors;
  std::vector<ForwardingEntry> forwarding;
  std::vector<SecureEntry> secure;
  std::vector<RouteEntry> routes;
  PeerPath path = PeerPath::none;
  std::string trouble;

  friend bool operator==(const PeerEntries&, const PeerEntries&) = default;
};

// Distinct for neighbouring subnets: routes by one link with one metric and many gateways fall into
// one bucket of the kernel's table of next hops, which makes each cost as much as there are.
std::uint32_t route_metric(const Prefix& destination);

// Pure. A subnet that overlaps one of our own is left out, with trouble.
PeerEntries plan_peer(const OverlaySettings& settings, const Underlay& underlay,
                      const std::vector<Prefix>& own_subnets, const Peer& peer);

// What is wanted whoever the peers are: with WireGuard, that nothing for pods leaves in clear text.
PeerEntries plan_guard(const OverlaySettings& settings);

}  // namespace paddock::net::overlay
