// SPDX-License-Identifier: Apache-2.0
#include "overlay/underlay.hpp"

#include "failure.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>

namespace paddock::net::overlay {
namespace {

using netlink::Address;
using netlink::Link;
using netlink::Route;

bool usable(const Address& address, std::uint32_t link, bool v4) {
  const IpAddress& ip = address.prefix.address;
  return address.link == link && ip.is_v4() == v4 && address.scope == RT_SCOPE_UNIVERSE &&
         !ip.is_loopback() && !address.passing;
}

const Address* first_address(const HostFacts& facts, std::uint32_t link, bool v4) {
  const auto found =
      std::find_if(facts.addresses.begin(), facts.addresses.end(),
                   [&](const Address& address) { return usable(address, link, v4); });
  return found == facts.addresses.end() ? nullptr : &*found;
}

const Link* find_link(const HostFacts& facts, std::uint32_t index) {
  const auto found = std::find_if(facts.links.begin(), facts.links.end(),
                                  [&](const Link& link) { return link.index == index; });
  return found == facts.links.end() ? nullptr : &*found;
}

const Link* default_link(const HostFacts& facts, bool v4) {
  const Route* best = nullptr;
  for (const Route& route : facts.routes) {
    if (route.destination.length == 0 && route.destination.address.is_v4() == v4 &&
        route.type == RTN_UNICAST && route.link != 0 &&
        (best == nullptr || route.metric < best->metric)) {
      best = &route;
    }
  }
  return best == nullptr ? nullptr : find_link(facts, best->link);
}

// The interface of one family when nobody named one.
const Link* automatic_link(const HostFacts& facts, bool v4) {
  if (const Link* link = default_link(facts, v4)) {
    return link;
  }
  if (const Link* link = default_link(facts, !v4); link && first_address(facts, link->index, v4)) {
    return link;
  }
  for (const Link& link : facts.links) {
    if (link.up && first_address(facts, link.index, v4)) {
      return &link;
    }
  }
  return nullptr;
}

Result<const Link*> named_link(const HostFacts& facts, const std::string& name) {
  const auto found = std::find_if(facts.links.begin(), facts.links.end(),
                                  [&](const Link& link) { return link.name == name; });
  if (found == facts.links.end()) {
    return failure(ENODEV, "underlay interface " + name);
  }
  return &*found;
}

// The address that was asked for, wherever it is, or else the first one of the link.
Result<const Address*> choose_address(const OverlaySettings& settings, const HostFacts& facts,
                                      const Link* link, bool v4) {
  for (const IpAddress& asked : settings.addresses) {
    if (asked.is_v4() != v4) {
      continue;
    }
    for (const Address& address : facts.addresses) {
      const bool elsewhere = settings.interface && link && address.link != link->index;
      if (address.prefix.address == asked && !elsewhere) {
        return &address;
      }
    }
    return failure(EADDRNOTAVAIL, "underlay address " + asked.to_string() +
                                      (settings.interface ? " on " + *settings.interface : ""));
  }
  return link == nullptr ? nullptr : first_address(facts, link->index, v4);
}

// What the link carries, or the default route by it where that says less.
std::uint32_t carried(const HostFacts& facts, const Link& link, bool v4) {
  std::uint32_t mtu = link.mtu;
  for (const Route& route : facts.routes) {
    if (route.destination.length == 0 && route.destination.address.is_v4() == v4 &&
        route.link == link.index && route.mtu != 0) {
      mtu = std::min(mtu, route.mtu);
    }
  }
  return mtu;
}

std::vector<Reach> reaches(const Underlay& underlay, const HostFacts& facts) {
  std::vector<Reach> found;
  for (const Route& route : facts.routes) {
    const auto& end = underlay.of(route.destination.address.is_v4());
    if (end) {
      found.push_back({route.destination,
                       route.type == RTN_UNICAST && route.link == end->link && !route.gateway});
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Reach& left, const Reach& right) {
    return left.network.length > right.network.length;
  });
  return found;
}

}  // namespace

bool Underlay::on_link(const IpAddress& address) const {
  for (const Reach& reach : reaches) {
    if (reach.network.contains(address)) {
      return reach.on_link;
    }
  }
  return false;
}

Result<Underlay> choose_underlay(const OverlaySettings& settings, const HostFacts& facts) {
  Underlay underlay;
  for (const bool v4 : {true, false}) {
    const Link* link = nullptr;
    if (settings.interface) {
      const auto named = named_link(facts, *settings.interface);
      if (!named) {
        return named.error();
      }
      link = *named;
    } else {
      link = automatic_link(facts, v4);
    }
    const auto address = choose_address(settings, facts, link, v4);
    if (!address) {
      return address.error();
    }
    const Link* const carrier = *address ? find_link(facts, (*address)->link) : nullptr;
    if (carrier) {
      (v4 ? underlay.v4 : underlay.v6) =
          UnderlayEnd{carrier->index, carried(facts, *carrier, v4), (*address)->prefix.address};
    }
  }
  if (!underlay.v4 && !underlay.v6) {
    return failure(
        EADDRNOTAVAIL,
        settings.interface ? "underlay interface " + *settings.interface + " has no global address"
                           : std::string("no interface has a global address to be the "
                                         "underlay's"));
  }
  underlay.reaches = reaches(underlay, facts);
  return underlay;
}

}  // namespace paddock::net::overlay
