// SPDX-License-Identifier: Apache-2.0
#include "wireguard/messages.hpp"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/wireguard.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace paddock::net::wireguard {
namespace {

using netlink::Batch;
using netlink::Bytes;

constexpr std::size_t remotes_at_once = 64;  // an attribute ends at 64 KiB

template <class Value>
Bytes bytes_of(const Value& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

void begin(Batch& batch, std::uint16_t type, std::uint8_t command, std::string what) {
  batch.begin(type, 0, genlmsghdr{command, WG_GENL_VERSION, 0}, std::move(what));
}

void put_endpoint(Batch& batch, const Endpoint& endpoint) {
  if (endpoint.address.is_v4()) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(endpoint.port);
    const auto octets = endpoint.address.to_v4().to_bytes();
    std::memcpy(&where.sin_addr, octets.data(), octets.size());
    batch.put(WGPEER_A_ENDPOINT, bytes_of(where));
  } else {
    sockaddr_in6 where{};
    where.sin6_family = AF_INET6;
    where.sin6_port = htons(endpoint.port);
    const auto octets = endpoint.address.to_v6().to_bytes();
    std::memcpy(&where.sin6_addr, octets.data(), octets.size());
    batch.put(WGPEER_A_ENDPOINT, bytes_of(where));
  }
}

void put_allowed(Batch& batch, const std::vector<Prefix>& allowed) {
  const auto all = batch.open(WGPEER_A_ALLOWEDIPS);
  for (const Prefix& prefix : allowed) {
    const auto one = batch.open(0);
    const std::uint16_t family = prefix.address.is_v4() ? AF_INET : AF_INET6;
    batch.put(WGALLOWEDIP_A_FAMILY, bytes_of(family));
    batch.put_address(WGALLOWEDIP_A_IPADDR, prefix.address);
    batch.put_octet(WGALLOWEDIP_A_CIDR_MASK, static_cast<std::uint8_t>(prefix.length));
    batch.close(one);
  }
  batch.close(all);
}

void put_remote(Batch& batch, const Remote& remote) {
  const auto one = batch.open(0);
  batch.put(WGPEER_A_PUBLIC_KEY, remote.key.octets);
  batch.put_number(WGPEER_A_FLAGS, WGPEER_F_REPLACE_ALLOWEDIPS);
  batch.put(WGPEER_A_PRESHARED_KEY, remote.shared.octets);
  if (remote.endpoint) {
    put_endpoint(batch, *remote.endpoint);
  }
  batch.put(WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, bytes_of(remote.keepalive));
  put_allowed(batch, remote.allowed);
  batch.close(one);
}

void put_gone(Batch& batch, const WireguardKey& key) {
  const auto one = batch.open(0);
  batch.put(WGPEER_A_PUBLIC_KEY, key.octets);
  batch.put_number(WGPEER_A_FLAGS, WGPEER_F_REMOVE_ME);
  batch.close(one);
}

// A request for each few of a list.
template <class Item>
void put_list(Batch& batch, std::uint16_t family, const std::string& name,
              const std::vector<Item>& items, void (*put)(Batch&, const Item&)) {
  for (std::size_t first = 0; first < items.size(); first += remotes_at_once) {
    begin(batch, family, WG_CMD_SET_DEVICE, "set peers of WireGuard device " + name);
    batch.put_text(WGDEVICE_A_IFNAME, name);
    const auto peers = batch.open(WGDEVICE_A_PEERS);
    for (std::size_t i = first; i < std::min(first + remotes_at_once, items.size()); ++i) {
      put(batch, items[i]);
    }
    batch.close(peers);
  }
}

void read_key(Bytes payload, WireguardKey& key) {
  if (payload.size() == key.octets.size()) {
    std::copy(payload.begin(), payload.end(), key.octets.begin());
  }
}

std::optional<IpAddress> address_in(Bytes payload) {
  if (const auto v6 = netlink::read<boost::asio::ip::address_v6::bytes_type>(payload)) {
    return boost::asio::ip::address_v6(*v6);
  }
  const auto v4 = netlink::read<boost::asio::ip::address_v4::bytes_type>(payload);
  return v4 ? std::optional<IpAddress>(boost::asio::ip::address_v4(*v4)) : std::nullopt;
}

std::optional<Endpoint> endpoint_in_message(Bytes payload) {
  const auto family = netlink::read<sa_family_t>(payload);
  if (family == AF_INET) {
    const auto where = netlink::read<sockaddr_in>(payload);
    const auto address = where ? address_in(bytes_of(where->sin_addr)) : std::nullopt;
    return address ? std::optional(Endpoint{*address, ntohs(where->sin_port)}) : std::nullopt;
  }
  if (family == AF_INET6) {
    const auto where = netlink::read<sockaddr_in6>(payload);
    const auto address = where ? address_in(bytes_of(where->sin6_addr)) : std::nullopt;
    return address ? std::optional(Endpoint{*address, ntohs(where->sin6_port)}) : std::nullopt;
  }
  return std::nullopt;
}

void read_allowed(Bytes payload, std::vector<Prefix>& allowed) {
  while (const auto one = netlink::next_attribute(payload)) {
    std::optional<IpAddress> address;
    std::optional<std::uint8_t> length;
    Bytes inside = one->payload;
    while (const auto attribute = netlink::next_attribute(inside)) {
      if (attribute->type == WGALLOWEDIP_A_IPADDR) {
        address = address_in(attribute->payload);
      } else if (attribute->type == WGALLOWEDIP_A_CIDR_MASK) {
        length = netlink::read<std::uint8_t>(attribute->payload);
      }
    }
    if (address && length) {
      allowed.push_back({*address, *length});
    }
  }
}

Remote read_remote(Bytes payload) {
  Remote remote;
  while (const auto attribute = netlink::next_attribute(payload)) {
    switch (attribute->type) {
      case WGPEER_A_PUBLIC_KEY:
        read_key(attribute->payload, remote.key);
        break;
      case WGPEER_A_PRESHARED_KEY:
        read_key(attribute->payload, remote.shared);
        break;
      case WGPEER_A_ENDPOINT:
        remote.endpoint = endpoint_in_message(attribute->payload);
        break;
      case WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL:
        remote.keepalive = netlink::read<std::uint16_t>(attribute->payload).value_or(0);
        break;
      case WGPEER_A_LAST_HANDSHAKE_TIME:
        remote.heard = std::chrono::system_clock::time_point(
            std::chrono::seconds(netlink::read<std::int64_t>(attribute->payload).value_or(0)));
        break;
      case WGPEER_A_ALLOWEDIPS:
        read_allowed(attribute->payload, remote.allowed);
        break;
      default:
        break;
    }
  }
  return remote;
}

// A remote whose subnets did not fit goes on in the next message.
void add_remote(Remote remote, std::vector<Remote>& remotes) {
  if (remotes.empty() || remotes.back().key != remote.key) {
    remotes.push_back(std::move(remote));
    return;
  }
  auto& allowed = remotes.back().allowed;
  allowed.insert(allowed.end(), remote.allowed.begin(), remote.allowed.end());
}

}  // namespace

void add_device(Batch& batch, const std::string& name, std::uint32_t group) {
  batch.begin(RTM_NEWLINK, netlink::create, ifinfomsg{}, "create WireGuard device " + name);
  batch.put_text(IFLA_IFNAME, name);
  batch.put_number(IFLA_GROUP, group);
  const auto information = batch.open(IFLA_LINKINFO);
  batch.put_text(IFLA_INFO_KIND, "wireguard");
  batch.close(information);
}

void ask_family(Batch& batch) {
  batch.begin(GENL_ID_CTRL, 0, genlmsghdr{CTRL_CMD_GETFAMILY, 1, 0},
              "ask the kernel for WireGuard");
  batch.put_text(CTRL_ATTR_FAMILY_NAME, WG_GENL_NAME);
}

std::optional<std::uint16_t> parse_family(const netlink::Message& message) {
  Bytes payload = message.payload;
  (void)netlink::take_header<genlmsghdr>(payload);
  while (const auto attribute = netlink::next_attribute(payload)) {
    if (attribute->type == CTRL_ATTR_FAMILY_ID) {
      return netlink::read<std::uint16_t>(attribute->payload);
    }
  }
  return std::nullopt;
}

void put_change(Batch& batch, std::uint16_t family, const std::string& name, const Change& change) {
  if (change.private_key || change.port) {
    begin(batch, family, WG_CMD_SET_DEVICE, "set key and port of WireGuard device " + name);
    batch.put_text(WGDEVICE_A_IFNAME, name);
    if (change.private_key) {
      batch.put(WGDEVICE_A_PRIVATE_KEY, change.private_key->octets);
    }
    if (change.port) {
      batch.put(WGDEVICE_A_LISTEN_PORT, bytes_of(*change.port));
    }
  }
  put_list(batch, family, name, change.gone, put_gone);
  put_list(batch, family, name, change.remotes, put_remote);
}

void ask_configuration(Batch& batch, std::uint16_t family, const std::string& name) {
  begin(batch, family, WG_CMD_GET_DEVICE, "read WireGuard device " + name);
  batch.put_text(WGDEVICE_A_IFNAME, name);
}

void add_message(const netlink::Message& message, Configuration& configuration) {
  Bytes payload = message.payload;
  (void)netlink::take_header<genlmsghdr>(payload);
  while (const auto attribute = netlink::next_attribute(payload)) {
    if (attribute->type == WGDEVICE_A_PRIVATE_KEY) {
      read_key(attribute->payload, configuration.private_key);
    } else if (attribute->type == WGDEVICE_A_LISTEN_PORT) {
      configuration.port = netlink::read<std::uint16_t>(attribute->payload).value_or(0);
    } else if (attribute->type == WGDEVICE_A_PEERS) {
      Bytes peers = attribute->payload;
      while (const auto peer = netlink::next_attribute(peers)) {
        add_remote(read_remote(peer->payload), configuration.remotes);
      }
    }
  }
}

}  // namespace paddock::net::wireguard
