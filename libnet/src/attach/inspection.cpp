// SPDX-License-Identifier: Apache-2.0
#include "attach/inspection.hpp"

#include "attach/limits.hpp"
#include "attach/wiring.hpp"
#include "marks.hpp"
#include "netlink/requests.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace paddock::net::attach {
namespace {

using Sentences = std::vector<std::string>;

// An mtu of 0 is any.
void compare_link(Sentences& missing, const std::string& name, const netlink::Link& link,
                  const MacAddress& mac, std::uint32_t mtu) {
  if (link.mac != mac) {
    missing.push_back(name + " has another MAC address than " + mac.to_string());
  }
  if (mtu != 0 && link.mtu != mtu) {
    missing.push_back(name + " has MTU " + std::to_string(link.mtu) + ", not " +
                      std::to_string(mtu));
  }
}

bool is_as_wanted(const netlink::Route& present, const netlink::Route& wanted) {
  return present.table == wanted.table && present.destination == wanted.destination &&
         present.gateway == wanted.gateway &&
         (wanted.metric == 0 || present.metric == wanted.metric) &&
         (!wanted.source || present.source == wanted.source) &&
         (wanted.mtu == 0 || present.mtu == wanted.mtu) &&
         (wanted.advmss == 0 || present.advmss == wanted.advmss);
}

Result<void> compare_routes(Sentences& missing, netlink::Socket& socket, const std::string& where,
                            const std::vector<netlink::Route>& wanted, std::uint32_t link) {
  std::map<std::uint32_t, std::vector<netlink::Route>> tables;
  for (const netlink::Route& route : wanted) {
    const auto [table, is_new] = tables.try_emplace(route.table);
    if (is_new) {
      auto routes = netlink::list_routes(socket, 0, link, route.table);
      if (!routes) {
        return routes.error();
      }
      table->second = std::move(*routes);
    }
    const auto is_it = [&](const netlink::Route& present) { return is_as_wanted(present, route); };
    if (std::none_of(table->second.begin(), table->second.end(), is_it)) {
      missing.push_back(
          where + " has no route " + route.destination.to_string() +
          (route.gateway ? " via " + route.gateway->to_string() : "") +
          (route.table == RT_TABLE_MAIN ? "" : " in table " + std::to_string(route.table)));
    }
  }
  return {};
}

Result<void> compare_neighbors(Sentences& missing, netlink::Socket& socket,
                               const std::string& where, std::uint32_t link,
                               const std::vector<IpAddress>& wanted, const MacAddress& mac) {
  const auto neighbors = netlink::list_neighbors(socket, link);
  if (!neighbors) {
    return neighbors.error();
  }
  for (const IpAddress& address : wanted) {
    const bool there = std::any_of(neighbors->begin(), neighbors->end(), [&](const auto& present) {
      return present.address == address && present.mac == mac && present.permanent;
    });
    if (!there) {
      missing.push_back(where + " has no permanent neighbour " + address.to_string());
    }
  }
  return {};
}

Result<void> compare_addresses(Sentences& missing, netlink::Socket& socket,
                               const std::string& where, std::uint32_t link,
                               const std::vector<IpAddress>& wanted) {
  const auto addresses = netlink::list_addresses(socket, link);
  if (!addresses) {
    return addresses.error();
  }
  for (const IpAddress& address : wanted) {
    const bool there = std::any_of(addresses->begin(), addresses->end(), [&](const auto& present) {
      return present.prefix.address == address;
    });
    if (!there) {
      missing.push_back(where + " has no address " + address.to_string());
    }
  }
  return {};
}

Result<void> compare_bridge(Sentences& missing, netlink::Socket& host, const std::string& where,
                            const netlink::Link& port, const BridgePort& wanted) {
  const auto bridge = netlink::find_link(host, wanted.bridge);
  if (!bridge) {
    return bridge.error();
  }
  if (!*bridge || (*bridge)->kind != "bridge") {
    missing.push_back("the host has no bridge " + wanted.bridge);
    return {};
  }
  if (!(*bridge)->up) {
    missing.push_back("the host's " + wanted.bridge + " is down");
  }
  if (port.master != (*bridge)->index) {
    missing.push_back(where + " is no port of " + wanted.bridge);
  }
  std::vector<IpAddress> addresses;
  for (const Prefix& address : wanted.addresses) {
    addresses.push_back(address.address);
  }
  return compare_addresses(missing, host, "the host's " + wanted.bridge, (*bridge)->index,
                           addresses);
}

Result<void> compare_host(Sentences& missing, netlink::Socket& host, const Attachment& attachment) {
  const auto link = netlink::find_link(host, attachment.host_link);
  if (!link) {
    return link.error();
  }
  if (!*link || (*link)->alias != attachment.id.alias() || (*link)->group != pod_group) {
    missing.push_back("the host has no link " + attachment.host_link + " of " +
                      attachment.id.alias());
    return {};
  }
  const std::string where = "the host's " + attachment.host_link;
  compare_link(missing, where, **link, attachment.host_mac, attachment.mtu);
  if (!(*link)->up) {
    missing.push_back(where + " is down");
  }
  if (attachment.bridge) {
    return compare_bridge(missing, host, where, **link, *attachment.bridge);
  }
  if (auto done =
          compare_routes(missing, host, where, host_routes(attachment), attachment.host_ifindex);
      !done) {
    return done;
  }
  return compare_neighbors(missing, host, where, attachment.host_ifindex, attachment.addresses,
                           attachment.pod_mac);
}

Result<void> compare_limits(Sentences& missing, netlink::Socket& host,
                            const Attachment& attachment) {
  auto limits = missing_limits(host, attachment);
  if (!limits) {
    return limits.error();
  }
  std::move(limits->begin(), limits->end(), std::back_inserter(missing));
  return {};
}

Result<void> compare_gateways(Sentences& missing, netlink::Socket& host,
                              const Attachment& attachment) {
  if (attachment.bridge) {
    return {};  // they are the bridge's
  }
  const std::string holder =
      attachment.has_own_gateways ? attachment.host_link : std::string(gateway_link);
  const auto link = netlink::find_link(host, holder);
  if (!link) {
    return link.error();
  }
  if (!*link) {
    missing.push_back("the host has no link " + holder);
    return {};
  }
  return compare_addresses(missing, host, "the host's " + holder, (*link)->index,
                           attachment.gateways);
}

Result<void> compare_pod(Sentences& missing, netlink::Socket& pod, const Attachment& attachment) {
  const auto link = netlink::find_link(pod, attachment.id.ifname);
  if (!link) {
    return link.error();
  }
  if (!*link) {
    missing.push_back("the pod has no interface " + attachment.id.ifname);
    return {};
  }
  const std::string where = "the pod's " + attachment.id.ifname;
  compare_link(missing, where, **link, attachment.pod_mac, attachment.mtu);
  if (!(*link)->up && !(attachment.bridge && attachment.bridge->leaves_pod_down)) {
    missing.push_back(where + " is down");
  }
  const std::uint32_t index = (*link)->index;
  if (auto done = compare_addresses(missing, pod, where, index, attachment.addresses); !done) {
    return done;
  }
  auto routes = pod_routes(attachment);
  if (attachment.bridge) {  // to its own subnets the kernel had one already, which stayed
    std::erase_if(routes, [&](const netlink::Route& route) {
      const auto& subnets = attachment.subnets;
      return route.table == RT_TABLE_MAIN &&
             std::find(subnets.begin(), subnets.end(), route.destination) != subnets.end();
    });
  }
  // On whichever link: of a pod's several interfaces the first has a route they all want.
  if (auto done = compare_routes(missing, pod, where, routes, 0); !done) {
    return done;
  }
  if (attachment.bridge) {
    return {};
  }
  return compare_neighbors(missing, pod, where, index, attachment.gateways, attachment.host_mac);
}

}  // namespace

Result<std::vector<std::string>> missing(netlink::Socket& host, netlink::Socket& pod,
                                         const Attachment& attachment) {
  Sentences found;
  for (const auto& done :
       {compare_host(found, host, attachment), compare_limits(found, host, attachment),
        compare_gateways(found, host, attachment), compare_pod(found, pod, attachment)}) {
    if (!done) {
      return done.error();
    }
  }
  return found;
}

}  // namespace paddock::net::attach
