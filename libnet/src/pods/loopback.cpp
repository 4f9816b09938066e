// SPDX-License-Identifier: Apache-2.0
//
// The plugin loopback: the pod's own lo, up and down.
#include "netlink/requests.hpp"
#include "pods/answers.hpp"
#include "pods/standard_pods.hpp"

#include <linux/netlink.h>

#include <algorithm>

namespace paddock::net {

using cni::Code;

cni::Expected<std::string> StandardPods::add_loopback(const cni::Request& request,
                                                      const NetworkNamespace& pod) {
  auto inside = netlink::Socket::open(pod, NETLINK_ROUTE);
  if (!inside) return to_failure(inside.error(), request.version);
  const auto link = netlink::find_link(*inside, std::string("lo"));
  if (!link || !*link)
    return cni::Failure{Code::internal, "the pod has no link lo", {}, request.version};
  netlink::Batch batch;
  netlink::LinkChange change;
  change.index = (*link)->index;
  change.name = "lo";
  change.up = true;
  netlink::change_link(batch, change);
  if (auto done = inside->execute(batch); !done) return to_failure(done.error(), request.version);
  const auto addresses = netlink::list_addresses(*inside, (*link)->index);
  if (!addresses) return to_failure(addresses.error(), request.version);
  for (const auto& address : *addresses) {
    if (!address.prefix.address.is_loopback())
      return cni::Failure{Code::internal,
                          "loopback interface found with non-loopback address \"" +
                              address.prefix.address.to_string() + "\"",
                          "take it from the pod's lo", request.version};
  }
  if (request.previous) return cni::format(*request.previous, request.version);
  cni::AddResult result;
  result.interfaces.push_back({.name = "lo",
                               .mac = MacAddress{}.to_string(),
                               .mtu = 0,
                               .sandbox = request.netns,
                               .socket_path = {},
                               .pci_id = {}});
  for (const bool v4 : {true, false}) {
    const auto first = std::ranges::find_if(*addresses, [&](const netlink::Address& address) {
      return address.prefix.address.is_v4() == v4;
    });
    if (first != addresses->end())
      result.ips.push_back({.address = first->prefix, .gateway = {}, .interface = 0});
  }
  return cni::format(result, request.version);
}

cni::Expected<std::string> StandardPods::del_loopback(const cni::Request& request,
                                                      const NetworkNamespace& pod) {
  if (pod.identity() == links_.where().identity()) return std::string();  // never the host's own
  auto inside = netlink::Socket::open(pod, NETLINK_ROUTE);
  if (!inside) return to_failure(inside.error(), request.version);
  netlink::Batch batch;
  netlink::take_down(batch, netlink::loopback_index, "lo");
  const auto done = inside->execute(batch);
  return done ? Answer(std::string()) : to_failure(done.error(), request.version);
}

cni::Expected<std::string> StandardPods::check_loopback(const cni::Request& request,
                                                        const NetworkNamespace& pod) {
  auto inside = netlink::Socket::open(pod, NETLINK_ROUTE);
  if (!inside) return to_failure(inside.error(), request.version);
  const auto link = netlink::find_link(*inside, std::string("lo"));
  if (link && *link && (*link)->up) return std::string();
  return cni::Failure{Code::broken, "the pod's lo is down", "the pod has to be attached again",
                      request.version};
}

}  // namespace paddock::net
