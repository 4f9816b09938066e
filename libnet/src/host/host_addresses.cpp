// SPDX-License-Identifier: Apache-2.0
#include "marks.hpp"
#include "netlink/requests.hpp"

#include <paddock/net/host_network.hpp>

#include <linux/netlink.h>

#include <algorithm>
#include <map>

namespace paddock::net {
namespace {

bool is_reached_from_afar(const IpAddress& address) {
  const bool link_local = address.is_v4() ? address.to_v4().to_uint() >> 16U == 0xa9feU
                                          : address.to_v6().is_link_local();
  return !address.is_loopback() && !link_local;
}

}  // namespace

// Links are asked for one by one: those with addresses are few, and the kernel needs long to list
// all links of a host with many pods.
Result<std::vector<IpAddress>> host_addresses(const NetworkNamespace& host) {
  auto socket = netlink::Socket::open(host, NETLINK_ROUTE);
  if (!socket) {
    return socket.error();
  }
  const auto addresses = netlink::list_addresses(*socket, 0);
  if (!addresses) {
    return addresses.error();
  }
  std::vector<IpAddress> useful;
  std::map<std::uint32_t, bool> others;  // links that are up, and not ours
  for (const netlink::Address& entry : *addresses) {
    const IpAddress& address = entry.prefix.address;
    if (!is_reached_from_afar(address)) {
      continue;
    }
    const auto [known, is_new] = others.try_emplace(entry.link, false);
    if (is_new) {
      const auto link = netlink::find_link(*socket, entry.link);
      if (!link) {
        return link.error();
      }
      known->second = *link && (*link)->up && !is_our_group((*link)->group);
    }
    if (known->second) {
      useful.push_back(address);
    }
  }
  std::stable_sort(useful.begin(), useful.end(), [](const IpAddress& left, const IpAddress& right) {
    return left.is_v4() && right.is_v6();
  });
  return useful;
}

}  // namespace paddock::net
