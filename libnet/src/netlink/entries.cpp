// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "netlink/listing.hpp"
#include "netlink/requests.hpp"

// The C library's header first: it tells the kernel's which structures are defined already.
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cerrno>

namespace paddock::net::netlink {
namespace {

std::uint8_t family(const IpAddress& address) { return address.is_v4() ? AF_INET : AF_INET6; }

ifaddrmsg address_header(const Address& address) {
  ifaddrmsg header{};
  header.ifa_family = family(address.prefix.address);
  header.ifa_prefixlen = static_cast<std::uint8_t>(address.prefix.length);
  header.ifa_scope = address.scope;
  header.ifa_index = address.link;
  return header;
}

ndmsg neighbor_header(std::uint32_t link, const IpAddress& address) {
  ndmsg header{};
  header.ndm_family = family(address);
  header.ndm_ifindex = static_cast<int>(link);
  header.ndm_state = NUD_PERMANENT;
  return header;
}

// The header has room for 255 tables; of others an attribute tells.
std::uint8_t short_table(std::uint32_t table) {
  return static_cast<std::uint8_t>(table < 256 ? table : std::uint32_t{RT_TABLE_UNSPEC});
}

rtmsg route_header(const Route& route) {
  rtmsg header{};
  header.rtm_family = family(route.destination.address);
  header.rtm_dst_len = static_cast<std::uint8_t>(route.destination.length);
  header.rtm_table = short_table(route.table);
  header.rtm_protocol = route.protocol;
  header.rtm_scope = route.scope;
  header.rtm_type = route.type;
  header.rtm_flags = route.onlink ? RTNH_F_ONLINK : 0U;
  return header;
}

std::string describe(const Route& route, const std::string& link) {
  std::string text = route.type == RTN_UNREACHABLE ? "unreachable route " : "route ";
  text += route.destination.to_string();
  if (route.gateway) {
    text += " via " + route.gateway->to_string();
  }
  return link.empty() ? text : text + " dev " + link;
}

void put_route(Batch& batch, const Route& route) {
  batch.put_address(RTA_DST, route.destination.address);
  if (route.link != 0) {
    batch.put_number(RTA_OIF, route.link);
  }
  if (route.gateway) {
    batch.put_address(RTA_GATEWAY, *route.gateway);
  }
  if (route.source) {
    batch.put_address(RTA_PREFSRC, *route.source);
  }
  if (route.metric != 0) {
    batch.put_number(RTA_PRIORITY, route.metric);
  }
  if (short_table(route.table) != route.table) {
    batch.put_number(RTA_TABLE, route.table);
  }
  if (route.mtu != 0 || route.advmss != 0) {
    const auto metrics = batch.open(RTA_METRICS);
    if (route.mtu != 0) {
      batch.put_number(RTAX_MTU, route.mtu);
    }
    if (route.advmss != 0) {
      batch.put_number(RTAX_ADVMSS, route.advmss);
    }
    batch.close(metrics);
  }
}

}  // namespace

void add_address(Batch& batch, const Address& address, const std::string& link) {
  batch.begin(RTM_NEWADDR, create, address_header(address),
              "add address " + address.prefix.to_string() + " dev " + link);
  batch.put_address(IFA_LOCAL, address.prefix.address);
  batch.put_address(IFA_ADDRESS, address.prefix.address);
  const bool v6 = address.prefix.address.is_v6();
  if (!v6 && address.prefix.length < 31) {
    batch.put_address(IFA_BROADCAST, address.prefix.last());
  }
  const std::uint32_t flags =
      (v6 ? IFA_F_NODAD : 0U) | (address.has_route ? 0U : IFA_F_NOPREFIXROUTE);
  if (flags != 0) {
    batch.put_number(IFA_FLAGS, flags);
  }
  if (address.protocol != 0) {
    batch.put_octet(IFA_PROTO, address.protocol);
  }
}

void delete_address(Batch& batch, const Address& address, const std::string& link) {
  batch.begin(RTM_DELADDR, 0, address_header(address),
              "delete address " + address.prefix.to_string() + " dev " + link);
  batch.put_address(IFA_LOCAL, address.prefix.address);
}

void add_neighbor(Batch& batch, std::uint32_t link, const IpAddress& address,
                  const MacAddress& mac) {
  batch.begin(RTM_NEWNEIGH, create_or_replace, neighbor_header(link, address),
              "add neighbour " + address.to_string() + " at " + mac.to_string());
  batch.put_address(NDA_DST, address);
  batch.put_mac(NDA_LLADDR, mac);
}

void delete_neighbor(Batch& batch, std::uint32_t link, const IpAddress& address) {
  batch.begin(RTM_DELNEIGH, 0, neighbor_header(link, address),
              "delete neighbour " + address.to_string());
  batch.put_address(NDA_DST, address);
}

void add_route(Batch& batch, const Route& route, const std::string& link, Existing existing) {
  batch.begin(RTM_NEWROUTE, existing == Existing::replace ? create_or_replace : create,
              route_header(route), "add " + describe(route, link));
  put_route(batch, route);
}

void delete_route(Batch& batch, const Route& route, const std::string& link) {
  batch.begin(RTM_DELROUTE, 0, route_header(route), "delete " + describe(route, link));
  put_route(batch, route);
}

void set_neighbor(Batch& batch, const Neighbor& neighbor) {
  batch.begin(RTM_NEWNEIGH, create_or_replace, neighbor_header(neighbor.link, neighbor.address),
              {});
  batch.put_address(NDA_DST, neighbor.address);
  batch.put_mac(NDA_LLADDR, neighbor.mac.value_or(MacAddress{}));
  batch.put_octet(NDA_PROTOCOL, neighbor.protocol);
}

void unset_neighbor(Batch& batch, const Neighbor& neighbor) {
  batch.begin(RTM_DELNEIGH, 0, neighbor_header(neighbor.link, neighbor.address), {});
  batch.put_address(NDA_DST, neighbor.address);
}

void set_route(Batch& batch, const Route& route) {
  batch.begin(RTM_NEWROUTE, create_or_replace, route_header(route), {});
  put_route(batch, route);
}

void unset_route(Batch& batch, const Route& route) {
  batch.begin(RTM_DELROUTE, 0, route_header(route), {});
  put_route(batch, route);
}

Result<std::vector<Address>> list_addresses(Socket& socket, std::uint32_t link) {
  ifaddrmsg header{};
  header.ifa_index = link;
  Batch request;
  request.begin(RTM_GETADDR, 0, header, "list addresses");
  return list(socket, request, parse_address,
              [&](const Address& address) { return link == 0 || address.link == link; });
}

Result<std::vector<Neighbor>> list_neighbors(Socket& socket, std::uint32_t link) {
  Batch request;
  request.begin(RTM_GETNEIGH, 0, ndmsg{}, "list neighbours");
  request.put_number(NDA_IFINDEX, link);
  return list(socket, request, parse_neighbor,
              [&](const Neighbor& neighbor) { return neighbor.link == link; });
}

Result<std::optional<Neighbor>> find_neighbor(Socket& socket, std::uint32_t link,
                                              const IpAddress& address) {
  ndmsg header{};
  header.ndm_family = family(address);
  header.ndm_ifindex = static_cast<int>(link);
  Batch request;
  request.begin(RTM_GETNEIGH, 0, header, "look up neighbour " + address.to_string());
  request.put_address(NDA_DST, address);
  return find_one(socket, request, parse_neighbor);
}

Result<Route> look_up_route(Socket& socket, const IpAddress& destination,
                            const std::optional<RouteOrigin>& origin) {
  rtmsg header{};
  header.rtm_family = family(destination);
  header.rtm_dst_len = destination.is_v4() ? 32 : 128;
  header.rtm_flags = RTM_F_FIB_MATCH;
  Batch request;
  if (origin) {
    header.rtm_src_len = header.rtm_dst_len;
  }
  request.begin(RTM_GETROUTE, 0, header, "look up the route to " + destination.to_string());
  request.put_address(RTA_DST, destination);
  if (origin) {
    request.put_address(RTA_SRC, origin->address);
    request.put_number(RTA_IIF, origin->link);
  }
  const auto found = find_one(socket, request, parse_route);
  if (!found) {
    return found.error();
  }
  return *found ? Result<Route>(**found)
                : failure(ENETUNREACH, "look up the route to " + destination.to_string());
}

Result<std::vector<Route>> list_routes(Socket& socket, std::uint8_t protocol, std::uint32_t link,
                                       std::uint32_t table) {
  std::vector<Route> routes;
  for (const bool v4 : {true, false}) {
    rtmsg header{};
    header.rtm_family = v4 ? AF_INET : AF_INET6;
    header.rtm_table = short_table(table);
    header.rtm_protocol = protocol;
    Batch request;
    request.begin(RTM_GETROUTE, 0, header, "list routes");
    if (link != 0) {
      request.put_number(RTA_OIF, link);
    }
    if (header.rtm_table != table) {
      request.put_number(RTA_TABLE, table);
    }
    auto found = list(socket, request, parse_route, [&](const Route& route) {
      return route.table == table && route.destination.address.is_v4() == v4 &&
             (protocol == 0 || route.protocol == protocol) && (link == 0 || route.link == link);
    });
    if (!found && found.error().code.value() == ENOENT) {
      continue;  // no route was ever in the table
    }
    if (!found) {
      return found.error();
    }
    routes.insert(routes.end(), found->begin(), found->end());
  }
  return routes;
}

}  // namespace paddock::net::netlink
