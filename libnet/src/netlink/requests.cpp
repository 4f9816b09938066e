// SPDX-License-Identifier: Apache-2.0
#include "netlink/requests.hpp"

#include "netlink/listing.hpp"

// The C library's header first: it tells the kernel's which structures are defined already.
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <cerrno>

namespace paddock::net::netlink {
namespace {

ifinfomsg link_header(std::uint32_t index) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = static_cast<int>(index);
  return header;
}

void put_port(Batch& batch, const PortChange& port) {
  const auto information = batch.open(IFLA_LINKINFO);
  batch.put_text(IFLA_INFO_SLAVE_KIND, "bridge");
  const auto data = batch.open(IFLA_INFO_SLAVE_DATA);
  batch.put_octet(IFLA_BRPORT_MODE, port.hairpin ? 1 : 0);
  batch.put_octet(IFLA_BRPORT_ISOLATED, port.isolated ? 1 : 0);
  batch.close(data);
  batch.close(information);
}

Result<std::optional<Link>> get_link(Socket& socket, const Batch& request) {
  std::optional<Link> found;
  const auto asked =
      socket.get(request, [&](const Message& message) { found = parse_link(message); });
  if (!asked && asked.error().code.value() != ENODEV) {
    return asked.error();
  }
  return found;
}

// One queue each way is what the kernel uses of a pair anyway, unless ethtool asks for more later.
// Of those it makes unasked, one for each processor, it takes the others away again and waits for
// RCU, once for each end.
void put_one_queue(Batch& batch) {
  batch.put_number(IFLA_NUM_TX_QUEUES, 1);
  batch.put_number(IFLA_NUM_RX_QUEUES, 1);
}

}  // namespace

void add_veth(Batch& batch, const VethPair& pair) {
  batch.begin(RTM_NEWLINK, create, link_header(pair.index),
              "create veth pair " + pair.name + " and " + pair.peer_name + " in the pod");
  batch.put_text(IFLA_IFNAME, pair.name);
  batch.put_number(IFLA_MTU, pair.mtu);
  batch.put_number(IFLA_GROUP, pair.group);
  batch.put_mac(IFLA_ADDRESS, pair.mac);
  put_one_queue(batch);
  if (pair.master != 0) {
    batch.put_number(IFLA_MASTER, pair.master);
  }
  const auto information = batch.open(IFLA_LINKINFO);
  batch.put_text(IFLA_INFO_KIND, "veth");
  const auto data = batch.open(IFLA_INFO_DATA);
  const auto peer = batch.open(VETH_INFO_PEER);
  const ifinfomsg header = link_header(pair.index);
  batch.append(&header, sizeof header);
  batch.put_text(IFLA_IFNAME, pair.peer_name);
  batch.put_number(IFLA_MTU, pair.mtu);
  batch.put_mac(IFLA_ADDRESS, pair.peer_mac);
  put_one_queue(batch);
  batch.put_number(IFLA_NET_NS_FD, static_cast<std::uint32_t>(pair.peer_namespace));
  batch.close(peer);
  batch.close(data);
  batch.close(information);
}

void add_bridge(Batch& batch, const Bridge& bridge) {
  batch.begin(RTM_NEWLINK, create, link_header(0), "create bridge " + bridge.name);
  batch.put_text(IFLA_IFNAME, bridge.name);
  batch.put_number(IFLA_GROUP, bridge.group);
  if (bridge.mac) {
    batch.put_mac(IFLA_ADDRESS, *bridge.mac);
  }
  const auto information = batch.open(IFLA_LINKINFO);
  batch.put_text(IFLA_INFO_KIND, "bridge");
  batch.close(information);
}

void change_link(Batch& batch, const LinkChange& change) {
  if (change.alias || change.group || change.strict_reverse_path || change.route_loopback ||
      change.announces || change.no_link_local || change.port) {
    batch.begin(RTM_NEWLINK, 0, link_header(change.index), "configure link " + change.name);
    if (change.alias) {
      batch.put_text(IFLA_IFALIAS, *change.alias);
    }
    if (change.group) {
      batch.put_number(IFLA_GROUP, *change.group);
    }
    if (change.port) {
      put_port(batch, *change.port);
    }
    const auto families = batch.open(IFLA_AF_SPEC);
    if (change.strict_reverse_path || change.route_loopback || change.announces) {
      const auto inet = batch.open(AF_INET);
      const auto variables = batch.open(IFLA_INET_CONF);
      if (change.strict_reverse_path) {
        batch.put_number(IPV4_DEVCONF_RP_FILTER, 1);
      }
      if (change.announces) {
        batch.put_number(IPV4_DEVCONF_ARP_NOTIFY, 1);
      }
      if (change.route_loopback) {
        batch.put_number(IPV4_DEVCONF_ROUTE_LOCALNET, 1);
      }
      batch.close(variables);
      batch.close(inet);
    }
    if (change.no_link_local) {
      const auto inet6 = batch.open(AF_INET6);
      batch.put_octet(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
      batch.close(inet6);
    }
    batch.close(families);
  }
  if (change.up) {  // a request of its own: within one, the kernel would bring it up first
    ifinfomsg header = link_header(change.index);
    header.ifi_flags = change.promiscuous ? IFF_UP | IFF_PROMISC : IFF_UP;
    header.ifi_change = header.ifi_flags;
    batch.begin(RTM_NEWLINK, 0, header, "bring up link " + change.name);
  }
}

void take_down(Batch& batch, std::uint32_t index, const std::string& name) {
  ifinfomsg header = link_header(index);
  header.ifi_change = IFF_UP;
  batch.begin(RTM_NEWLINK, 0, header, "take down link " + name);
}

void settle_link(Batch& batch, std::uint32_t index, const std::string& name) {
  batch.begin(RTM_GETLINK, 0, link_header(index), "look at link " + name);
}

void join_bridge(Batch& batch, std::uint32_t index, std::uint32_t bridge, const std::string& name) {
  batch.begin(RTM_NEWLINK, 0, link_header(index), "join link " + name + " to its bridge");
  batch.put_number(IFLA_MASTER, bridge);
}

void tune_link(Batch& batch, const LinkTuning& tuning) {
  ifinfomsg header = link_header(tuning.index);
  const auto set = [&](const std::optional<bool>& wanted, unsigned flag) {
    if (!wanted) {
      return;
    }
    header.ifi_change |= flag;
    header.ifi_flags |= *wanted ? flag : 0U;
  };
  set(tuning.promiscuous, IFF_PROMISC);
  set(tuning.all_multicast, IFF_ALLMULTI);
  batch.begin(RTM_NEWLINK, 0, header, "tune link " + tuning.name);
  if (tuning.mac) {
    batch.put_mac(IFLA_ADDRESS, *tuning.mac);
  }
  if (tuning.mtu) {
    batch.put_number(IFLA_MTU, *tuning.mtu);
  }
  if (tuning.queue_length) {
    batch.put_number(IFLA_TXQLEN, *tuning.queue_length);
  }
}

void delete_link(Batch& batch, std::uint32_t index, const std::string& name) {
  batch.begin(RTM_DELLINK, 0, link_header(index), "delete link " + name);
}

void delete_group(Batch& batch, std::uint32_t group) {
  batch.begin(RTM_DELLINK, 0, link_header(0), "delete link group " + std::to_string(group));
  batch.put_number(IFLA_GROUP, group);
}

Result<std::optional<Link>> find_link(Socket& socket, const std::string& name) {
  Batch request;
  request.begin(RTM_GETLINK, 0, link_header(0), "look for link " + name);
  request.put_text(IFLA_IFNAME, name);
  return get_link(socket, request);
}

Result<std::optional<Link>> find_link(Socket& socket, std::uint32_t index) {
  Batch request;
  request.begin(RTM_GETLINK, 0, link_header(index), "look for link " + std::to_string(index));
  return get_link(socket, request);
}

Result<std::vector<Link>> list_links(Socket& socket) {
  Batch request;
  request.begin(RTM_GETLINK, 0, link_header(0), "list links");
  request.put_number(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return list(socket, request, parse_link, [](const Link&) { return true; });
}

// A kernel that does not know the kind tells of all.
Result<std::vector<Link>> list_links(Socket& socket, const std::string& kind) {
  Batch request;
  request.begin(RTM_GETLINK, 0, link_header(0), "list " + kind + " links");
  request.put_number(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  const auto information = request.open(IFLA_LINKINFO);
  request.put_text(IFLA_INFO_KIND, kind);
  request.close(information);
  return list(socket, request, parse_link, [&](const Link& link) { return link.kind == kind; });
}

}  // namespace paddock::net::netlink
