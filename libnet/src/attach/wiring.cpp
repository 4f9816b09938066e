// SPDX-License-Identifier: Apache-2.0
#include "attach/wiring.hpp"

#include "attach/limits.hpp"
#include "marks.hpp"
#include "netlink/requests.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>

namespace paddock::net::attach {
namespace {

constexpr std::size_t name_limit = 15;
constexpr std::size_t alias_limit = 255;

bool valid_ifname(const std::string& name) {
  return !name.empty() && name.size() <= name_limit && name != "." && name != ".." &&
         name.find_first_of("/: \t\n\r\f\v") == std::string::npos;
}

std::optional<IpAddress> of_family(const std::vector<IpAddress>& addresses, bool v4) {
  const auto found = std::find_if(addresses.begin(), addresses.end(),
                                  [&](const IpAddress& address) { return address.is_v4() == v4; });
  return found == addresses.end() ? std::nullopt : std::optional(*found);
}

netlink::Route host_route(const Attachment& attachment, const IpAddress& address) {
  netlink::Route route;
  route.destination = Prefix::host(address);
  route.link = attachment.host_ifindex;
  route.source = of_family(attachment.gateways, address.is_v4());
  route.protocol = route_protocol;
  route.scope = address.is_v4() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  return route;
}

// The pod's address in the subnet of that gateway.
std::optional<IpAddress> source_towards(const Attachment& attachment, const IpAddress& gateway) {
  for (const IpAddress& address : attachment.addresses) {
    if (address.is_v4() == gateway.is_v4() && attachment.prefix_of(address).contains(gateway)) {
      return address;
    }
  }
  return of_family(attachment.addresses, gateway.is_v4());
}

// Whether the pod has it as a neighbour.
bool is_on_link(const Attachment& attachment, const IpAddress& address) {
  return attachment.bridge &&
         std::any_of(attachment.subnets.begin(), attachment.subnets.end(),
                     [&](const Prefix& subnet) { return subnet.contains(address); });
}

void configure_port(netlink::Batch& batch, const Attachment& attachment) {
  netlink::LinkChange change;
  change.index = attachment.host_ifindex;
  change.name = attachment.host_link;
  change.alias = attachment.id.alias();
  change.no_link_local = true;
  // Who asks for a port of the host that is its own gets the answer where it asked.
  const bool is_hairpin = attachment.bridge->is_hairpin || !attachment.ports.empty();
  change.port = {is_hairpin, attachment.bridge->is_isolated};
  change.up = true;
  netlink::change_link(batch, change);
}

netlink::Batch host_batch(const Attachment& attachment, netlink::Existing existing) {
  netlink::Batch batch;
  netlink::LinkChange change;
  change.index = attachment.host_ifindex;
  change.name = attachment.host_link;
  change.alias = attachment.id.alias();
  change.strict_reverse_path = true;
  change.route_loopback = !attachment.ports.empty();
  change.no_link_local = true;
  change.up = true;
  netlink::change_link(batch, change);
  add_limits(batch, attachment, detour_name(attachment.host_ifindex));
  if (attachment.has_own_gateways) {
    for (const IpAddress& gateway : attachment.gateways) {
      netlink::add_address(batch,
                           {attachment.host_ifindex, Prefix::host(gateway), RT_SCOPE_UNIVERSE},
                           attachment.host_link);
      batch.tolerate(EEXIST);
    }
  }
  for (const IpAddress& address : attachment.addresses) {
    netlink::add_neighbor(batch, attachment.host_ifindex, address, attachment.pod_mac);
  }
  for (const netlink::Route& route : host_routes(attachment)) {
    netlink::add_route(batch, route, attachment.host_link, existing);
  }
  return batch;
}

}  // namespace

std::optional<std::string> objection(const AttachRequest& request) {
  if (!valid_ifname(request.id.ifname)) {
    return "\"" + request.id.ifname + "\" cannot name an interface";
  }
  if (request.id.alias().size() > alias_limit) {
    return "network and container name together are too long";
  }
  if (request.host_link.size() > name_limit) {
    return "\"" + request.host_link + "\" cannot name a link";
  }
  if (request.bridge && !valid_ifname(request.bridge->bridge)) {
    return "\"" + request.bridge->bridge +
           "\" cannot name a bridge; name one of 1 to 15 bytes in the configuration";
  }
  if (request.addresses.empty() && !request.bridge) {
    return "no address is given";
  }
  for (const IpAddress& address : request.addresses) {
    if (!request.bridge && !of_family(request.gateways, address.is_v4())) {
      return "no gateway for address " + address.to_string();
    }
  }
  for (const PodRoute& route : request.routes) {
    const bool v4 = route.destination.address.is_v4();
    if (!of_family(request.addresses, v4)) {
      return "no address of the family of route " + route.destination.to_string();
    }
    if (route.gateway && route.gateway->is_v4() != v4) {
      return "route " + route.destination.to_string() + " has a gateway of another family";
    }
  }
  return std::nullopt;
}

std::vector<netlink::Route> host_routes(const Attachment& attachment) {
  std::vector<netlink::Route> routes;
  if (attachment.bridge) {
    return routes;  // the bridge's address makes one for the subnet
  }
  for (const IpAddress& address : attachment.addresses) {
    routes.push_back(host_route(attachment, address));
  }
  return routes;
}

std::vector<netlink::Route> pod_routes(const Attachment& attachment) {
  std::vector<netlink::Route> routes;
  // As ptp has it: what a pod asks its gateway bears the address of that gateway's subnet.
  const auto source = [&](const IpAddress& gateway) {
    return attachment.has_own_gateways ? source_towards(attachment, gateway) : std::nullopt;
  };
  for (const IpAddress& gateway : attachment.gateways) {
    if (of_family(attachment.addresses, gateway.is_v4()) && !is_on_link(attachment, gateway)) {
      netlink::Route route;
      route.destination = Prefix::host(gateway);
      route.scope = gateway.is_v4() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
      route.source = source(gateway);
      routes.push_back(route);
    }
  }
  for (const Prefix& subnet : attachment.bridge ? std::vector<Prefix>() : attachment.subnets) {
    netlink::Route route;
    const auto own =
        std::find_if(attachment.gateways.begin(), attachment.gateways.end(),
                     [&](const IpAddress& gateway) { return subnet.contains(gateway); });
    route.destination = subnet;
    route.gateway = own != attachment.gateways.end()
                        ? std::optional(*own)
                        : of_family(attachment.gateways, subnet.address.is_v4());
    route.onlink = true;
    route.source = source(subnet.address);
    routes.push_back(route);
  }
  for (const PodRoute& wanted : attachment.routes) {
    netlink::Route route;
    route.destination = wanted.destination.network();
    route.gateway = wanted.gateway;
    route.mtu = wanted.mtu;
    route.metric = wanted.metric;
    route.advmss = wanted.advmss;
    route.table = wanted.table;
    route.onlink = wanted.gateway && !is_on_link(attachment, *wanted.gateway);
    const bool on_link_v4 = !wanted.gateway && wanted.destination.address.is_v4();
    route.scope = wanted.scope.value_or(on_link_v4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
    routes.push_back(route);
  }
  for (netlink::Route& route : routes) {
    route.link = attachment.pod_ifindex;
    route.protocol = RTPROT_BOOT;
  }
  return routes;
}

netlink::Batch host_side(const Attachment& attachment) {
  if (!attachment.bridge) {
    return host_batch(attachment, netlink::Existing::refuse);
  }
  netlink::Batch batch;  // the link was born a port
  configure_port(batch, attachment);
  add_limits(batch, attachment, detour_name(attachment.host_ifindex));
  return batch;
}

netlink::Batch host_side_again(const Attachment& attachment, std::uint32_t bridge) {
  if (!attachment.bridge) {
    return host_batch(attachment, netlink::Existing::replace);
  }
  netlink::Batch batch;
  netlink::join_bridge(batch, attachment.host_ifindex, bridge, attachment.host_link);
  configure_port(batch, attachment);
  add_limits(batch, attachment, detour_name(attachment.host_ifindex));
  return batch;
}

netlink::Batch pod_side(const Attachment& attachment) {
  netlink::Batch batch;
  netlink::LinkChange loopback;
  loopback.index = netlink::loopback_index;
  loopback.name = "lo";
  loopback.up = true;
  netlink::change_link(batch, loopback);
  netlink::LinkChange change;
  change.index = attachment.pod_ifindex;
  change.name = attachment.id.ifname;
  // Where the guard knows the pod's addresses, no other would pass.
  change.no_link_local = !attachment.bridge || attachment.bridge->guard == SourceGuard::addresses;
  change.announces = attachment.bridge && !attachment.addresses.empty();
  // Addresses first: a link that comes up tells its neighbours those it has.
  for (const IpAddress& address : attachment.addresses) {
    netlink::Address with_length{attachment.pod_ifindex, attachment.prefix_of(address),
                                 RT_SCOPE_UNIVERSE};
    with_length.has_route = attachment.bridge.has_value();  // routed, the way is by the gateway
    netlink::add_address(batch, with_length, attachment.id.ifname);
  }
  change.up = !attachment.bridge || !attachment.bridge->leaves_pod_down;
  netlink::change_link(batch, change);
  netlink::settle_link(batch, attachment.pod_ifindex, attachment.id.ifname);
  if (!attachment.bridge) {  // else the gateway is a neighbour as any other
    for (const IpAddress& gateway : attachment.gateways) {
      netlink::add_neighbor(batch, attachment.pod_ifindex, gateway, attachment.host_mac);
    }
  }
  for (const netlink::Route& route : pod_routes(attachment)) {
    netlink::add_route(batch, route, attachment.id.ifname, netlink::Existing::refuse);
    batch.tolerate(EEXIST);  // of a pod's several interfaces the first has it
  }
  return batch;
}

netlink::Batch release(const std::vector<IpAddress>& addresses, const netlink::Link& host_link) {
  netlink::Batch batch;
  netlink::LinkChange change;
  change.index = host_link.index;
  change.name = host_link.name;
  change.group = detached_group;
  netlink::change_link(batch, change);
  batch.tolerate(ENODEV);
  release_limits(batch, host_link.index);
  for (const IpAddress& address : addresses) {
    netlink::Route route;
    route.destination = Prefix::host(address);
    route.link = host_link.index;
    route.protocol = route_protocol;
    route.scope = RT_SCOPE_NOWHERE;  // any
    netlink::delete_route(batch, route, host_link.name);
    batch.tolerate(ESRCH);
    batch.tolerate(ENODEV);
    netlink::delete_neighbor(batch, host_link.index, address);
    batch.tolerate(ENOENT);
    batch.tolerate(ENODEV);
  }
  return batch;
}

}  // namespace paddock::net::attach
