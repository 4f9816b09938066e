// SPDX-License-Identifier: Apache-2.0
#include "netlink/vxlan.hpp"

#include "netlink/listing.hpp"

// The C library's header first: it tells the kernel's which structures are defined already.
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

namespace paddock::net::netlink {
namespace {

void put_parameters(Batch& batch, const VxlanParameters& wanted) {
  batch.put_number(IFLA_VXLAN_ID, wanted.vni);
  const std::uint16_t port = htons(wanted.port);
  batch.put(IFLA_VXLAN_PORT, Bytes(reinterpret_cast<const std::uint8_t*>(&port), sizeof port));
  if (wanted.local) {
    batch.put_address(wanted.local->is_v4() ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, *wanted.local);
  }
  batch.put_number(IFLA_VXLAN_LINK, wanted.below);
  batch.put_octet(IFLA_VXLAN_LEARNING, wanted.learning ? 1 : 0);
}

ndmsg forwarding_header(const Forwarding& forwarding) {
  ndmsg header{};
  header.ndm_family = AF_BRIDGE;
  header.ndm_ifindex = static_cast<int>(forwarding.link);
  header.ndm_state = NUD_PERMANENT | NUD_NOARP;
  header.ndm_flags = NTF_SELF | NTF_EXT_LEARNED;
  return header;
}

}  // namespace

Result<std::vector<VxlanDevice>> list_vxlans(Socket& socket) {
  Batch request;
  request.begin(RTM_GETLINK, 0, ifinfomsg{}, "list VXLAN devices");
  request.put_number(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  const auto information = request.open(IFLA_LINKINFO);
  request.put_text(IFLA_INFO_KIND, "vxlan");
  request.close(information);
  return list(socket, request, parse_vxlan, [](const VxlanDevice&) { return true; });
}

void add_vxlan(Batch& batch, const VxlanDevice& device) {
  batch.begin(RTM_NEWLINK, create, ifinfomsg{}, "create VXLAN device " + device.link.name);
  batch.put_text(IFLA_IFNAME, device.link.name);
  batch.put_number(IFLA_MTU, device.link.mtu);
  batch.put_number(IFLA_GROUP, device.link.group);
  batch.put_mac(IFLA_ADDRESS, device.link.mac.value_or(MacAddress{}));
  const auto information = batch.open(IFLA_LINKINFO);
  batch.put_text(IFLA_INFO_KIND, "vxlan");
  const auto data = batch.open(IFLA_INFO_DATA);
  put_parameters(batch, device.parameters);
  batch.close(data);
  batch.close(information);
}

Result<std::vector<Forwarding>> list_forwarding(Socket& socket, std::uint32_t link) {
  ndmsg header{};
  header.ndm_family = AF_BRIDGE;
  header.ndm_ifindex = static_cast<int>(link);
  Batch request;
  request.begin(RTM_GETNEIGH, 0, header, "list forwarding entries");
  return list(socket, request, parse_forwarding,
              [&](const Forwarding& forwarding) { return forwarding.link == link; });
}

Result<std::optional<Forwarding>> find_forwarding(Socket& socket, std::uint32_t link,
                                                  const MacAddress& mac) {
  ndmsg header{};
  header.ndm_family = AF_BRIDGE;
  header.ndm_ifindex = static_cast<int>(link);
  header.ndm_flags = NTF_SELF;
  Batch request;
  request.begin(RTM_GETNEIGH, 0, header, "look up forwarding of " + mac.to_string());
  request.put_mac(NDA_LLADDR, mac);
  return find_one(socket, request, parse_forwarding);
}

void set_forwarding(Batch& batch, const Forwarding& forwarding) {
  batch.begin(RTM_NEWNEIGH, create_or_replace, forwarding_header(forwarding), {});
  batch.put_mac(NDA_LLADDR, forwarding.mac);
  batch.put_address(NDA_DST, forwarding.remote);
}

void unset_forwarding(Batch& batch, const Forwarding& forwarding) {
  batch.begin(RTM_DELNEIGH, 0, forwarding_header(forwarding), {});
  batch.put_mac(NDA_LLADDR, forwarding.mac);
  batch.put_address(NDA_DST, forwarding.remote);
}

}  // namespace paddock::net::netlink
