// SPDX-License-Identifier: Apache-2.0
//
// What has to change in the kernel, and how it is told. Computing it is pure; the kernel is asked
// and told by the owner of the socket.
#pragma once

#include "netlink/requests.hpp"
#include "netlink/vxlan.hpp"
#include "overlay/table.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net::overlay {

// The entries of overlays as they are in the kernel: those on the devices, and the routes that
// carry our mark.
struct Actual {
  std::vector<netlink::Neighbor> neighbors;
  std::vector<netlink::Forwarding> forwarding;
  std::vector<netlink::Route> routes;
};
Result<Actual> read_actual(netlink::Socket& socket, const WayLinks& links);

struct Difference {
  std::vector<netlink::Route> unwanted_routes;
  std::vector<netlink::Forwarding> unwanted_forwarding;
  std::vector<netlink::Neighbor> unwanted_neighbors;
  std::vector<netlink::Neighbor> neighbors;
  std::vector<netlink::Forwarding> forwarding;
  std::vector<netlink::Route> routes;

  bool empty() const { return size() == 0; }
  std::size_t size() const;
  // One for each entry, in the order they are sent; at most that many, then how many more.
  std::vector<std::string> sentences(std::size_t most) const;
};

// Entries by a way without a link are left out: they come when there is one.
netlink::Neighbor neighbor_of(const NeighborEntry& entry, const WayLinks& links);
netlink::Forwarding forwarding_of(const ForwardingEntry& entry, const WayLinks& links);
netlink::Route route_of(const RouteEntry& entry, const WayLinks& links);

bool same(const netlink::Neighbor& left, const netlink::Neighbor& right);
bool same(const netlink::Forwarding& left, const netlink::Forwarding& right);
bool same(const netlink::Route& left, const netlink::Route& right);

// Ours that are not wanted go; others' stay, unless they are where one of ours has to be.
Difference difference(const Table& wanted, const WayLinks& links, const Actual& actual);
// Of one peer, from what it needed to what it needs.
Difference difference(const PeerEntries& before, const PeerEntries& after, const WayLinks& links);

// Sends it: what others rely on first, so that no route leads to where nothing is yet. Each request
// is tried whatever becomes of the others; refused ones are told, with the kernel's reason, by the
// address at which the table finds whose they are.
struct Refusal {
  std::string sentence;
  // Of a route, of a neighbour, or of neither.
  std::optional<Prefix> destination;
  std::optional<MacAddress> mac;
};
Result<void> apply(netlink::Socket& socket, const Difference& difference,
                   const std::function<void(const Refusal&)>& refused);

}  // namespace paddock::net::overlay
