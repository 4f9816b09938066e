// SPDX-License-Identifier: Apache-2.0
#include "overlay/difference.hpp"

#include "marks.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

namespace paddock::net::overlay {
namespace {

std::uint32_t link_of(Way way, const WayLinks& links) {
  return links[static_cast<std::size_t>(way)];
}

bool possible(Way way, const WayLinks& links) {
  return way == Way::none || link_of(way, links) != 0;
}

std::optional<Way> tunnel_by(std::uint32_t link, const WayLinks& links) {
  for (const Way way : {Way::tunnel_v4, Way::tunnel_v6}) {
    if (link != 0 && link_of(way, links) == link) {
      return way;
    }
  }
  return std::nullopt;
}

// Whether an entry in our place has to go before ours can come.
template <class Entry>
bool blocks(const Entry&) {
  return false;
}
// The kernel lets no programmed entry take over one that somebody made by hand.
template <>
bool blocks(const netlink::Forwarding& forwarding) {
  return !forwarding.controlled;
}

// In the order of a table of hashes, each route would go to another corner of the kernel's trie.
void put_in_order(std::vector<const Table::Claim<RouteEntry>*>& claims) {
  std::sort(claims.begin(), claims.end(), [](const auto* left, const auto* right) {
    return left->entry.destination.address < right->entry.destination.address;
  });
}
template <class Entry>
void put_in_order(const std::vector<const Table::Claim<Entry>*>&) {}

// Walks what the kernel has of one kind. `find` leads from an entry to the claim for its place, or
// nowhere; `ours` says whether it may be taken away.
template <class Claims, class Entry, class Find, class Ours, class Make>
void compare(const Claims& wanted, const std::vector<Entry>& actual, std::vector<Entry>& unwanted,
             std::vector<Entry>& missing, const Find& find, const Ours& ours, const Make& make) {
  std::unordered_set<const void*> present;
  present.reserve(actual.size());
  for (const Entry& entry : actual) {
    const auto claim = find(entry);
    if (claim == wanted.end()) {
      if (ours(entry)) {
        unwanted.push_back(entry);
      }
    } else if (same(entry, make(claim->second.entry))) {
      present.insert(&claim->second);
    } else if (blocks(entry)) {
      unwanted.push_back(entry);
    }
  }
  if (present.size() == wanted.size()) {
    return;
  }
  using Claim = typename Claims::mapped_type;
  std::vector<const Claim*> absent;
  absent.reserve(wanted.size() - present.size());
  for (const auto& [key, claim] : wanted) {
    if (!present.contains(&claim)) {
      absent.push_back(&claim);
    }
  }
  put_in_order(absent);
  missing.reserve(absent.size());
  for (const Claim* claim : absent) {
    if (const auto entry = make(claim->entry); entry.link != 0 || claim->entry.way == Way::none) {
      missing.push_back(entry);
    }
  }
}

// What is in one list and, by `equal`, not in the other.
template <class Entry>
std::vector<Entry> without(const std::vector<Entry>& list, const std::vector<Entry>& other) {
  std::vector<Entry> rest;
  std::copy_if(list.begin(), list.end(), std::back_inserter(rest), [&](const Entry& entry) {
    return std::find(other.begin(), other.end(), entry) == other.end();
  });
  return rest;
}

bool same_place(const NeighborEntry& left, const NeighborEntry& right) {
  return left.way == right.way && left.address == right.address;
}
bool same_place(const ForwardingEntry& left, const ForwardingEntry& right) {
  return left.way == right.way && left.mac == right.mac;
}
bool same_place(const RouteEntry& left, const RouteEntry& right) {
  return left.destination == right.destination;
}

template <class Entry, class Value>
void compare_lists(const std::vector<Entry>& before, const std::vector<Entry>& after,
                   std::vector<Value>& unwanted, std::vector<Value>& missing, const WayLinks& links,
                   Value (*make)(const Entry&, const WayLinks&)) {
  for (const Entry& entry : without(before, after)) {
    const bool replaced = std::any_of(after.begin(), after.end(),
                                      [&](const Entry& other) { return same_place(entry, other); });
    if (!replaced && possible(entry.way, links)) {
      unwanted.push_back(make(entry, links));
    }
  }
  for (const Entry& entry : without(after, before)) {
    if (possible(entry.way, links)) {
      missing.push_back(make(entry, links));
    }
  }
}

}  // namespace

Result<Actual> read_actual(netlink::Socket& socket, const WayLinks& links) {
  Actual actual;
  for (const Way way : {Way::tunnel_v4, Way::tunnel_v6}) {
    const std::uint32_t link = link_of(way, links);
    if (link == 0) {
      continue;
    }
    auto neighbors = netlink::list_neighbors(socket, link);
    auto forwarding = netlink::list_forwarding(socket, link);
    if (!neighbors || !forwarding) {
      return neighbors ? forwarding.error() : neighbors.error();
    }
    actual.neighbors.insert(actual.neighbors.end(), neighbors->begin(), neighbors->end());
    actual.forwarding.insert(actual.forwarding.end(), forwarding->begin(), forwarding->end());
  }
  auto routes = netlink::list_routes(socket, overlay_protocol, 0);
  if (!routes) {
    return routes.error();
  }
  actual.routes = std::move(*routes);
  return actual;
}

std::size_t Difference::size() const {
  return unwanted_routes.size() + unwanted_forwarding.size() + unwanted_neighbors.size() +
         neighbors.size() + forwarding.size() + routes.size();
}

netlink::Neighbor neighbor_of(const NeighborEntry& entry, const WayLinks& links) {
  return {link_of(entry.way, links), entry.address, entry.mac, true, overlay_protocol};
}

netlink::Forwarding forwarding_of(const ForwardingEntry& entry, const WayLinks& links) {
  return {link_of(entry.way, links), entry.mac, entry.underlay, true};
}

netlink::Route route_of(const RouteEntry& entry, const WayLinks& links) {
  netlink::Route route;
  route.destination = entry.destination;
  route.link = link_of(entry.way, links);
  route.metric = route_metric(entry.destination);
  route.protocol = overlay_protocol;
  if (entry.way == Way::none) {
    route.type = RTN_UNREACHABLE;
    return route;
  }
  if (entry.gateway.is_unspecified()) {  // the device knows the host by the address
    route.scope = entry.destination.address.is_v4() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    return route;
  }
  route.gateway = entry.gateway;
  route.onlink = entry.way == Way::tunnel_v4 || entry.way == Way::tunnel_v6;
  return route;
}

bool same(const netlink::Neighbor& left, const netlink::Neighbor& right) {
  return left.link == right.link && left.address == right.address && left.mac == right.mac &&
         left.permanent == right.permanent && left.protocol == right.protocol;
}

bool same(const netlink::Forwarding& left, const netlink::Forwarding& right) {
  return left.link == right.link && left.mac == right.mac && left.remote == right.remote &&
         left.controlled == right.controlled;
}

// The kernel says that unreachable IPv6 routes leave by lo.
bool same(const netlink::Route& left, const netlink::Route& right) {
  const bool alike = left.destination == right.destination && left.metric == right.metric &&
                     left.type == right.type && left.protocol == right.protocol;
  return alike && (left.type == RTN_UNREACHABLE ||
                   (left.link == right.link && left.gateway == right.gateway &&
                    left.onlink == right.onlink));
}

Difference difference(const Table& wanted, const WayLinks& links, const Actual& actual) {
  Difference found;
  compare(
      wanted.routes(), actual.routes, found.unwanted_routes, found.routes,
      [&](const netlink::Route& route) {
        const auto claim = wanted.routes().find(route.destination);
        return route.metric == route_metric(route.destination) ? claim : wanted.routes().end();
      },
      [](const netlink::Route& route) { return route.protocol == overlay_protocol; },
      [&](const RouteEntry& entry) { return route_of(entry, links); });
  compare(
      wanted.forwarding(), actual.forwarding, found.unwanted_forwarding, found.forwarding,
      [&](const netlink::Forwarding& entry) {
        const auto way = tunnel_by(entry.link, links);
        return wanted.forwarding().find({way.value_or(Way::none), entry.mac});
      },
      [](const netlink::Forwarding& entry) { return entry.controlled; },
      [&](const ForwardingEntry& entry) { return forwarding_of(entry, links); });
  compare(
      wanted.neighbors(), actual.neighbors, found.unwanted_neighbors, found.neighbors,
      [&](const netlink::Neighbor& entry) {
        const auto way = tunnel_by(entry.link, links);
        return wanted.neighbors().find({way.value_or(Way::none), entry.address});
      },
      [](const netlink::Neighbor& entry) { return entry.protocol == overlay_protocol; },
      [&](const NeighborEntry& entry) { return neighbor_of(entry, links); });
  return found;
}

Difference difference(const PeerEntries& before, const PeerEntries& after, const WayLinks& links) {
  Difference found;
  compare_lists(before.routes, after.routes, found.unwanted_routes, found.routes, links, route_of);
  compare_lists(before.forwarding, after.forwarding, found.unwanted_forwarding, found.forwarding,
                links, forwarding_of);
  compare_lists(before.neighbors, after.neighbors, found.unwanted_neighbors, found.neighbors, links,
                neighbor_of);
  return found;
}

}  // namespace paddock::net::overlay
