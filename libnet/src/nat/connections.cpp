// SPDX-License-Identifier: Apache-2.0
#include "nat/connections.hpp"

#include "netlink/batch.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <set>

namespace paddock::net::nat {
namespace {

// CTA_FILTER_F_CTA_IP_SRC of the kernel's nf_internals.h: the source address must match.
constexpr std::uint32_t match_source = 1;
constexpr std::uint32_t match_destination = 1U << 1U;
constexpr std::uint32_t match_protocol = 1U << 3U;
constexpr std::uint32_t match_destination_port = 1U << 5U;

constexpr std::size_t batch_limit = 32768;  // a send queue holds several of these
// Above, the kernel is sooner done with a list of all connections than with a search for each
// address in each direction: a list takes it 20 searches' time when it has few connections, and 6
// searches' when it has many.
constexpr std::size_t many = 8;

std::uint16_t message_type(unsigned operation) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8U | operation);
}

// Version 1 makes the kernel heed the family when it deletes.
nfgenmsg header(bool v4) {
  return {static_cast<std::uint8_t>(v4 ? AF_INET : AF_INET6), 1, htons(0)};
}

// Deletes what has this source in the given direction: pods that asked, pods that were asked.
void delete_by_source(netlink::Batch& batch, const IpAddress& address, std::uint16_t direction) {
  batch.begin(message_type(IPCTNL_MSG_CT_DELETE), 0, header(address.is_v4()),
              "forget connections of " + address.to_string());
  const auto tuple = batch.open(direction);
  const auto ip = batch.open(CTA_TUPLE_IP);
  batch.put_address(address.is_v4() ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, address);
  batch.close(ip);
  batch.close(tuple);
  const auto filter = batch.open(CTA_FILTER);
  const bool original = direction == CTA_TUPLE_ORIG;
  batch.put_number(CTA_FILTER_ORIG_FLAGS, original ? match_source : 0);
  batch.put_number(CTA_FILTER_REPLY_FLAGS, original ? 0 : match_source);
  batch.close(filter);
}

void delete_by_port(netlink::Batch& batch, const PortEntry& port) {
  const bool v4 = port.pod.is_v4();
  batch.begin(message_type(IPCTNL_MSG_CT_DELETE), 0, header(v4),
              "forget connections to " + port.to_string());
  const auto tuple = batch.open(CTA_TUPLE_ORIG);
  if (port.host_address) {
    const auto ip = batch.open(CTA_TUPLE_IP);
    batch.put_address(v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, *port.host_address);
    batch.close(ip);
  }
  const auto protocol = batch.open(CTA_TUPLE_PROTO);
  batch.put_octet(CTA_PROTO_NUM, static_cast<std::uint8_t>(port.protocol));
  const std::uint8_t number[] = {static_cast<std::uint8_t>(port.host_port >> 8U),
                                 static_cast<std::uint8_t>(port.host_port & 0xffU)};
  batch.put(CTA_PROTO_DST_PORT, number);
  batch.close(protocol);
  batch.close(tuple);
  const auto filter = batch.open(CTA_FILTER);
  batch.put_number(CTA_FILTER_ORIG_FLAGS, match_protocol | match_destination_port |
                                              (port.host_address ? match_destination : 0U));
  batch.put_number(CTA_FILTER_REPLY_FLAGS, 0);
  batch.close(filter);
}

std::optional<IpAddress> end_of(netlink::Bytes octets) {
  if (const auto v4 = netlink::read<boost::asio::ip::address_v4::bytes_type>(octets);
      v4 && octets.size() == v4->size()) {
    return boost::asio::ip::address_v4(*v4);
  }
  const auto v6 = netlink::read<boost::asio::ip::address_v6::bytes_type>(octets);
  return v6 ? std::optional<IpAddress>(boost::asio::ip::address_v6(*v6)) : std::nullopt;
}

// Whether the tuple's source or destination is among the addresses.
bool names(netlink::Bytes tuple, const std::set<IpAddress>& addresses) {
  while (const auto part = netlink::next_attribute(tuple)) {
    netlink::Bytes ends = part->type == CTA_TUPLE_IP ? part->payload : netlink::Bytes{};
    while (const auto end = netlink::next_attribute(ends)) {
      const auto address = end_of(end->payload);
      if (address && addresses.contains(*address)) {
        return true;
      }
    }
  }
  return false;
}

// Adds a request to delete the listed connection if one of its tuples names an address.
void delete_if_named(std::vector<netlink::Batch>& batches, const netlink::Message& message,
                     const std::set<IpAddress>& addresses) {
  netlink::Bytes rest = message.payload;
  const auto family = netlink::take_header<nfgenmsg>(rest);
  netlink::Bytes original;
  bool named = false;
  while (const auto attribute = netlink::next_attribute(rest)) {
    if (attribute->type == CTA_TUPLE_ORIG) {
      original = attribute->payload;
    }
    if (attribute->type == CTA_TUPLE_ORIG || attribute->type == CTA_TUPLE_REPLY) {
      named = named || names(attribute->payload, addresses);
    }
  }
  if (family && named && !original.empty()) {
    if (batches.empty() || batches.back().bytes().size() > batch_limit) {
      batches.emplace_back();
    }
    netlink::Batch& batch = batches.back();
    batch.begin(message_type(IPCTNL_MSG_CT_DELETE), 0, header(family->nfgen_family == AF_INET),
                "forget a connection");
    batch.put(CTA_TUPLE_ORIG | NLA_F_NESTED, original);
    batch.tolerate(ENOENT);
  }
}

}  // namespace

Result<void> forget_connections(netlink::Socket& socket, const std::vector<IpAddress>& addresses) {
  if (addresses.size() > many) {
    return forget_connections_one_by_one(socket, addresses);
  }
  netlink::Batch batch;
  for (const IpAddress& address : addresses) {
    delete_by_source(batch, address, CTA_TUPLE_ORIG);
    delete_by_source(batch, address, CTA_TUPLE_REPLY);
  }
  const auto done = socket.execute(batch);
  if (!done && (done.error().code.value() == EINVAL || done.error().code.value() == EOPNOTSUPP)) {
    return forget_connections_one_by_one(socket, addresses);
  }
  return done;
}

Result<void> forget_connections_to(netlink::Socket& socket, const std::vector<PortEntry>& ports) {
  netlink::Batch batch;
  for (const PortEntry& port : ports) {
    delete_by_port(batch, port);
  }
  const auto done = socket.execute(batch);
  const bool cannot_select =
      !done && (done.error().code.value() == EINVAL || done.error().code.value() == EOPNOTSUPP);
  return cannot_select ? Result<void>() : done;
}

Result<void> forget_connections_one_by_one(netlink::Socket& socket,
                                           const std::vector<IpAddress>& addresses) {
  netlink::Batch request;
  request.begin(message_type(IPCTNL_MSG_CT_GET), 0, nfgenmsg{}, "list connections");
  const std::set<IpAddress> wanted(addresses.begin(), addresses.end());
  std::vector<netlink::Batch> deletions;
  const auto listed = socket.dump(
      request, [&] { deletions.clear(); },
      [&](const netlink::Message& message) { delete_if_named(deletions, message, wanted); });
  if (!listed) {
    return listed;
  }
  for (const netlink::Batch& batch : deletions) {
    if (auto done = socket.execute(batch); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace paddock::net::nat
