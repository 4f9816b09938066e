// SPDX-License-Identifier: Apache-2.0
#include "netlink/values.hpp"

// The C library's header first: it tells the kernel's which structures are defined already.
#include <linux/rtnetlink.h>
#include <net/if.h>

namespace paddock::net::netlink {
namespace {

template <class Octets>
std::optional<Octets> octets(Bytes bytes) {
  return bytes.size() == std::tuple_size_v<Octets> ? read<Octets>(bytes) : std::nullopt;
}

std::optional<IpAddress> ip_address(Bytes bytes) {
  if (const auto v4 = octets<boost::asio::ip::address_v4::bytes_type>(bytes)) {
    return boost::asio::ip::address_v4(*v4);
  }
  if (const auto v6 = octets<boost::asio::ip::address_v6::bytes_type>(bytes)) {
    return boost::asio::ip::address_v6(*v6);
  }
  return std::nullopt;
}

std::optional<MacAddress> mac_address(Bytes bytes) {
  const auto value = octets<std::array<std::uint8_t, 6>>(bytes);
  return value ? std::optional(MacAddress{*value}) : std::nullopt;
}

std::uint32_t number(Bytes bytes) { return read<std::uint32_t>(bytes).value_or(0); }

IpAddress any_address(int family) {
  return family == AF_INET ? IpAddress(boost::asio::ip::address_v4())
                           : IpAddress(boost::asio::ip::address_v6());
}

bool fits(const IpAddress& address, int family, unsigned length) {
  return family == AF_INET ? address.is_v4() && length <= 32 : address.is_v6() && length <= 128;
}

std::string link_kind(Bytes information) {
  while (const auto attribute = next_attribute(information)) {
    if (attribute->type == IFLA_INFO_KIND) {
      return text(attribute->payload);
    }
  }
  return {};
}

void read_metrics(Route& route, Bytes metrics) {
  while (const auto attribute = next_attribute(metrics)) {
    if (attribute->type == RTAX_MTU) {
      route.mtu = number(attribute->payload);
    } else if (attribute->type == RTAX_ADVMSS) {
      route.advmss = number(attribute->payload);
    }
  }
}

// Of another family than the route, as where links bear IPv6 addresses only.
std::optional<IpAddress> gateway_of_other_family(Bytes via) {
  return via.size() > sizeof(rtvia) ? ip_address(via.subspan(sizeof(rtvia))) : std::nullopt;
}

// The first of several next hops stands for all of them.
void read_first_hop(Route& route, Bytes hops) {
  const auto hop = read<rtnexthop>(hops);
  if (!hop || hop->rtnh_len < sizeof(rtnexthop) || hop->rtnh_len > hops.size()) {
    return;
  }
  route.link = static_cast<std::uint32_t>(hop->rtnh_ifindex);
  route.onlink = (hop->rtnh_flags & RTNH_F_ONLINK) != 0;
  Bytes rest = hops.first(hop->rtnh_len).subspan(sizeof(rtnexthop));
  while (const auto attribute = next_attribute(rest)) {
    if (attribute->type == RTA_GATEWAY) {
      route.gateway = ip_address(attribute->payload);
    } else if (attribute->type == RTA_VIA) {
      route.gateway = gateway_of_other_family(attribute->payload);
    }
  }
}

}  // namespace

std::optional<Link> parse_link(const Message& message) {
  Bytes rest = message.payload;
  const auto header = take_header<ifinfomsg>(rest);
  if (message.type != RTM_NEWLINK || !header || header->ifi_index <= 0) {
    return std::nullopt;
  }
  Link link;
  link.index = static_cast<std::uint32_t>(header->ifi_index);
  link.up = (header->ifi_flags & IFF_UP) != 0;
  link.promiscuous = (header->ifi_flags & IFF_PROMISC) != 0;
  link.all_multicast = (header->ifi_flags & IFF_ALLMULTI) != 0;
  while (const auto attribute = next_attribute(rest)) {
    switch (attribute->type) {
      case IFLA_IFNAME:
        link.name = text(attribute->payload);
        break;
      case IFLA_IFALIAS:
        link.alias = text(attribute->payload);
        break;
      case IFLA_LINKINFO:
        link.kind = link_kind(attribute->payload);
        break;
      case IFLA_GROUP:
        link.group = number(attribute->payload);
        break;
      case IFLA_MTU:
        link.mtu = number(attribute->payload);
        break;
      case IFLA_TXQLEN:
        link.queue_length = number(attribute->payload);
        break;
      case IFLA_ADDRESS:
        link.mac = mac_address(attribute->payload);
        break;
      case IFLA_LINK:
        link.peer = number(attribute->payload);
        break;
      case IFLA_MASTER:
        link.master = number(attribute->payload);
        break;
      default:
        break;
    }
  }
  return link;
}

std::optional<Address> parse_address(const Message& message) {
  Bytes rest = message.payload;
  const auto header = take_header<ifaddrmsg>(rest);
  if (message.type != RTM_NEWADDR || !header) {
    return std::nullopt;
  }
  std::optional<IpAddress> local;
  std::optional<IpAddress> peer;  // the same as local but on point-to-point links
  std::uint32_t flags = header->ifa_flags;
  std::uint8_t protocol = 0;
  while (const auto attribute = next_attribute(rest)) {
    if (attribute->type == IFA_LOCAL) {
      local = ip_address(attribute->payload);
    } else if (attribute->type == IFA_ADDRESS) {
      peer = ip_address(attribute->payload);
    } else if (attribute->type == IFA_FLAGS) {
      flags = number(attribute->payload);
    } else if (attribute->type == IFA_PROTO) {
      protocol = read<std::uint8_t>(attribute->payload).value_or(0);
    }
  }
  const auto address = local ? local : peer;
  if (!address || !fits(*address, header->ifa_family, header->ifa_prefixlen)) {
    return std::nullopt;
  }
  const bool passing = (flags & (IFA_F_TEMPORARY | IFA_F_DEPRECATED | IFA_F_TENTATIVE)) != 0;
  return Address{
      header->ifa_index, {*address, header->ifa_prefixlen}, header->ifa_scope, passing, protocol};
}

std::optional<Neighbor> parse_neighbor(const Message& message) {
  Bytes rest = message.payload;
  const auto header = take_header<ndmsg>(rest);
  if (message.type != RTM_NEWNEIGH || !header || header->ndm_ifindex <= 0) {
    return std::nullopt;
  }
  Neighbor neighbor;
  neighbor.link = static_cast<std::uint32_t>(header->ndm_ifindex);
  neighbor.permanent = (header->ndm_state & NUD_PERMANENT) != 0;
  std::optional<IpAddress> address;
  while (const auto attribute = next_attribute(rest)) {
    if (attribute->type == NDA_DST) {
      address = ip_address(attribute->payload);
    } else if (attribute->type == NDA_LLADDR) {
      neighbor.mac = mac_address(attribute->payload);
    } else if (attribute->type == NDA_PROTOCOL) {
      neighbor.protocol = read<std::uint8_t>(attribute->payload).value_or(0);
    }
  }
  if (!address || !fits(*address, header->ndm_family, 0)) {
    return std::nullopt;
  }
  neighbor.address = *address;
  return neighbor;
}

std::optional<Route> parse_route(const Message& message) {
  Bytes rest = message.payload;
  const auto header = take_header<rtmsg>(rest);
  if (message.type != RTM_NEWROUTE || !header ||
      (header->rtm_family != AF_INET && header->rtm_family != AF_INET6)) {
    return std::nullopt;
  }
  std::optional<Route> made;
  made.emplace();
  Route& route = *made;
  route.destination = {any_address(header->rtm_family), header->rtm_dst_len};
  route.table = header->rtm_table;
  route.protocol = header->rtm_protocol;
  route.scope = header->rtm_scope;
  route.type = header->rtm_type;
  route.onlink = (header->rtm_flags & RTNH_F_ONLINK) != 0;
  while (const auto attribute = next_attribute(rest)) {
    switch (attribute->type) {
      case RTA_DST:
        route.destination.address =
            ip_address(attribute->payload).value_or(route.destination.address);
        break;
      case RTA_GATEWAY:
        route.gateway = ip_address(attribute->payload);
        break;
      case RTA_VIA:
        route.gateway = gateway_of_other_family(attribute->payload);
        break;
      case RTA_MULTIPATH:
        read_first_hop(route, attribute->payload);
        break;
      case RTA_PREFSRC:
        route.source = ip_address(attribute->payload);
        break;
      case RTA_OIF:
        route.link = number(attribute->payload);
        break;
      case RTA_PRIORITY:
        route.metric = number(attribute->payload);
        break;
      case RTA_TABLE:
        route.table = number(attribute->payload);
        break;
      case RTA_METRICS:
        read_metrics(route, attribute->payload);
        break;
      default:
        break;
    }
  }
  if (!fits(route.destination.address, header->rtm_family, route.destination.length)) {
    made.reset();
  }
  return made;
}

std::optional<Acknowledgement> parse_acknowledgement(const Message& message) {
  Bytes rest = message.payload;
  const auto header = take_header<nlmsgerr>(rest);
  if (message.type != NLMSG_ERROR || !header) {
    return std::nullopt;
  }
  // The kernel sends small negative numbers; a damaged one must not overflow when turned round.
  Acknowledgement acknowledgement;
  acknowledgement.code = header->error > -4096 && header->error <= 0 ? -header->error : EPROTO;
  if ((message.flags & NLM_F_CAPPED) == 0 && header->msg.nlmsg_len > sizeof(nlmsghdr)) {
    const std::size_t echoed = (header->msg.nlmsg_len - sizeof(nlmsghdr) + 3U) & ~std::size_t{3};
    rest = rest.subspan(echoed < rest.size() ? echoed : rest.size());
  }
  while ((message.flags & NLM_F_ACK_TLVS) != 0) {
    const auto attribute = next_attribute(rest);
    if (!attribute) {
      break;
    }
    if (attribute->type == NLMSGERR_ATTR_MSG) {
      acknowledgement.explanation = text(attribute->payload);
    }
  }
  return acknowledgement;
}

}  // namespace paddock::net::netlink
