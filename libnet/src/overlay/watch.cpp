// SPDX-License-Identifier: Apache-2.0
#include "overlay/watch.hpp"

#include "marks.hpp"
#include "netlink/values.hpp"
#include "netlink/vxlan.hpp"
#include "overlay/difference.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <optional>

namespace paddock::net::overlay {
namespace {

// Messages of deletion are laid out as those of creation.
netlink::Message as_creation(netlink::Message event, std::uint16_t type) {
  event.type = type;
  return event;
}

std::optional<Way> tunnel_at(const Picture& picture, std::uint32_t link) {
  for (const Way way : {Way::tunnel_v4, Way::tunnel_v6}) {
    if (link != 0 && picture.links[static_cast<std::size_t>(way)] == link) {
      return way;
    }
  }
  return std::nullopt;
}

bool carries_underlay(const Picture& picture, std::uint32_t link) {
  const Underlay& underlay = picture.underlay;
  return (underlay.v4 && underlay.v4->link == link) || (underlay.v6 && underlay.v6->link == link);
}

bool as_planned(const Device& device, const netlink::Link& link) {
  return link.up && (!device.mac || link.mac == device.mac) && link.mtu == device.mtu &&
         link.name == device.name && link.group == overlay_group;
}

Disturbance judge_link(const netlink::Message& event, const Picture& picture) {
  const auto link = netlink::parse_link(as_creation(event, RTM_NEWLINK));
  const auto header = netlink::read<ifinfomsg>(event.payload);
  if (!link || header->ifi_family != AF_UNSPEC) {
    return {};
  }
  Disturbance found;
  if (const auto way = tunnel_at(picture, link->index)) {
    const auto& device = *way == Way::tunnel_v4 ? picture.devices.v4 : picture.devices.v6;
    found.ours = event.type == RTM_DELLINK || !device || !as_planned(*device, *link);
  }
  const bool awaited =
      picture.settings.interface ? link->name == *picture.settings.interface
                                 : !picture.underlay.v4 && !picture.underlay.v6;
  found.underlay = carries_underlay(picture, link->index) || awaited;
  return found;
}

bool has_address(const std::optional<Device>& device, const Prefix& prefix) {
  return device && std::find(device->addresses.begin(), device->addresses.end(), prefix) !=
                       device->addresses.end();
}

Disturbance judge_address(const netlink::Message& event, const Picture& picture) {
  const auto address = netlink::parse_address(as_creation(event, RTM_NEWADDR));
  if (!address) {
    return {};
  }
  if (tunnel_at(picture, address->link)) {
    const bool wanted = has_address(picture.devices.v4, address->prefix) ||
                        has_address(picture.devices.v6, address->prefix);
    return {event.type == RTM_DELADDR && wanted, false};
  }
  // Without both ends, any address may be what was missing.
  const bool complete = picture.underlay.v4 && picture.underlay.v6;
  return {false, carries_underlay(picture, address->link) || !complete};
}

// A route of somebody else's in the place of ours has replaced it: there is no word of deletion.
Disturbance judge_route(const netlink::Message& event, const Picture& picture) {
  const auto route = netlink::parse_route(as_creation(event, RTM_NEWROUTE));
  if (!route || route->table != RT_TABLE_MAIN || route->protocol == route_protocol) {
    return {};
  }
  Disturbance found;
  const auto claim = picture.table.routes().find(route->destination);
  if (claim != picture.table.routes().end() && route->metric == route_metric(route->destination)) {
    found.ours = event.type == RTM_DELROUTE
                     ? route->protocol == overlay_protocol
                     : !same(*route, route_of(claim->second.entry, picture.links));
  }
  found.underlay = route->protocol != overlay_protocol &&
                   (route->destination.length == 0 || carries_underlay(picture, route->link));
  return found;
}

Disturbance judge_neighbor(const netlink::Message& event, const Picture& picture) {
  const netlink::Message whole = as_creation(event, RTM_NEWNEIGH);
  const bool gone = event.type == RTM_DELNEIGH;
  if (const auto forwarding = netlink::parse_forwarding(whole)) {
    const auto way = tunnel_at(picture, forwarding->link);
    const auto claim = picture.table.forwarding().find({way.value_or(Way::none), forwarding->mac});
    return {claim != picture.table.forwarding().end() &&
                (gone || !same(*forwarding, forwarding_of(claim->second.entry, picture.links))),
            false};
  }
  if (const auto neighbor = netlink::parse_neighbor(whole)) {
    const auto way = tunnel_at(picture, neighbor->link);
    const auto claim = picture.table.neighbors().find({way.value_or(Way::none), neighbor->address});
    return {claim != picture.table.neighbors().end() &&
                (gone || !same(*neighbor, neighbor_of(claim->second.entry, picture.links))),
            false};
  }
  return {};
}

}  // namespace

Disturbance judge(const netlink::Message& event, const Picture& picture) {
  switch (event.type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return judge_link(event, picture);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return judge_address(event, picture);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return judge_route(event, picture);
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      return judge_neighbor(event, picture);
    default:
      return {};
  }
}

}  // namespace paddock::net::overlay
