// SPDX-License-Identifier: Apache-2.0
#include "netlink/vxlan.hpp"

// The C library's header first: it tells the kernel's which structures are defined already.
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

namespace paddock::net::netlink {
namespace {

template <class Address>
IpAddress address_of(Bytes bytes) {
  return Address(
      read<typename Address::bytes_type>(bytes).value_or(typename Address::bytes_type{}));
}

IpAddress remote_address(Bytes bytes) {
  return bytes.size() == 4 ? address_of<boost::asio::ip::address_v4>(bytes)
                           : address_of<boost::asio::ip::address_v6>(bytes);
}

VxlanParameters parameters(Bytes data) {
  VxlanParameters found;
  while (const auto attribute = next_attribute(data)) {
    const Bytes value = attribute->payload;
    switch (attribute->type) {
      case IFLA_VXLAN_ID:
        found.vni = read<std::uint32_t>(value).value_or(0);
        break;
      case IFLA_VXLAN_PORT:
        found.port = ntohs(read<std::uint16_t>(value).value_or(0));
        break;
      case IFLA_VXLAN_LOCAL:
        found.local = address_of<boost::asio::ip::address_v4>(value);
        break;
      case IFLA_VXLAN_LOCAL6:
        found.local = address_of<boost::asio::ip::address_v6>(value);
        break;
      case IFLA_VXLAN_LINK:
        found.below = read<std::uint32_t>(value).value_or(0);
        break;
      case IFLA_VXLAN_LEARNING:
        found.learning = read<std::uint8_t>(value).value_or(0) != 0;
        break;
      case IFLA_VXLAN_GROUP:
      case IFLA_VXLAN_GROUP6:
      case IFLA_VXLAN_GBP:
      case IFLA_VXLAN_GPE:
        found.special = true;
        break;
      case IFLA_VXLAN_COLLECT_METADATA:
      case IFLA_VXLAN_PROXY:
      case IFLA_VXLAN_L2MISS:
      case IFLA_VXLAN_L3MISS:
        found.special = found.special || read<std::uint8_t>(value).value_or(0) != 0;
        break;
      default:
        break;
    }
  }
  return found;
}

}  // namespace

std::optional<VxlanDevice> parse_vxlan(const Message& message) {
  const auto link = parse_link(message);
  if (!link || link->kind != "vxlan") {
    return std::nullopt;
  }
  VxlanDevice device{*link, {}};
  Bytes rest = message.payload;
  (void)take_header<ifinfomsg>(rest);
  while (const auto attribute = next_attribute(rest)) {
    if (attribute->type != IFLA_LINKINFO) {
      continue;
    }
    Bytes information = attribute->payload;
    while (const auto part = next_attribute(information)) {
      if (part->type == IFLA_INFO_DATA) {
        device.parameters = parameters(part->payload);
      }
    }
  }
  return device;
}

std::optional<Forwarding> parse_forwarding(const Message& message) {
  Bytes rest = message.payload;
  const auto header = take_header<ndmsg>(rest);
  if (message.type != RTM_NEWNEIGH || !header || header->ndm_family != AF_BRIDGE ||
      header->ndm_ifindex <= 0) {
    return std::nullopt;
  }
  Forwarding forwarding;
  forwarding.link = static_cast<std::uint32_t>(header->ndm_ifindex);
  forwarding.controlled = (header->ndm_flags & NTF_EXT_LEARNED) != 0;
  bool remote = false;
  bool mac = false;
  while (const auto attribute = next_attribute(rest)) {
    const Bytes value = attribute->payload;
    if (attribute->type == NDA_DST && (value.size() == 4 || value.size() == 16)) {
      forwarding.remote = remote_address(value);
      remote = true;
    } else if (attribute->type == NDA_LLADDR && value.size() == 6) {
      forwarding.mac = *read<MacAddress>(value);
      mac = true;
    }
  }
  return remote && mac ? std::optional(forwarding) : std::nullopt;
}

}  // namespace paddock::net::netlink
