// SPDX-License-Identifier: Apache-2.0
//
// Keys and values of several parts are those parts in a row, each padded to four octets, as nft
// writes them (struct nft_data of the kernel: registers of 32 bits).
#include "nat/port_entry.hpp"

#include "marks.hpp"
#include "nat/nfnetlink.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace paddock::net::nat {
namespace {

using Octets = std::vector<std::uint8_t>;

const nfgenmsg inet_header{NFPROTO_INET, NFNETLINK_V0, 0};

void append_address(Octets& octets, const IpAddress& address) {
  const auto append = [&](const auto& bytes) {
    octets.insert(octets.end(), bytes.begin(), bytes.end());
  };
  address.is_v4() ? append(address.to_v4().to_bytes()) : append(address.to_v6().to_bytes());
}

void append_port(Octets& octets, std::uint16_t port) {
  octets.insert(octets.end(), {static_cast<std::uint8_t>(port >> 8U),
                               static_cast<std::uint8_t>(port & 0xffU), 0, 0});
}

Octets key_of(const PortEntry& entry) {
  Octets key;
  if (entry.host_address) append_address(key, *entry.host_address);
  key.insert(key.end(), {static_cast<std::uint8_t>(entry.protocol), 0, 0, 0});
  append_port(key, entry.host_port);
  return key;
}

Octets value_of(const PortEntry& entry) {
  Octets value;
  append_address(value, entry.pod);
  append_port(value, entry.pod_port);
  return value;
}

void put_data(netlink::Batch& batch, std::uint16_t attribute, const Octets& octets) {
  const auto data = batch.open(attribute);
  batch.put(NFTA_DATA_VALUE, octets);
  batch.close(data);
}

PortMap map_of(const PortEntry& entry) {
  return {entry.pod.is_v4(), entry.host_address.has_value()};
}

void begin(netlink::Batch& batch, unsigned operation, std::uint16_t flags, const PortMap& map,
           const std::string& what) {
  batch.begin(nftables_message(operation), flags, inet_header, what);
  batch.put_text(NFTA_SET_ELEM_LIST_TABLE, table_name);
  batch.put_text(NFTA_SET_ELEM_LIST_SET, map.name());
}

void put_element(netlink::Batch& batch, const PortEntry& entry, bool with_value) {
  const auto elements = batch.open(NFTA_SET_ELEM_LIST_ELEMENTS);
  const auto element = batch.open(NFTA_LIST_ELEM);
  put_data(batch, NFTA_SET_ELEM_KEY, key_of(entry));
  if (with_value) put_data(batch, NFTA_SET_ELEM_DATA, value_of(entry));
  batch.close(element);
  batch.close(elements);
}

netlink::Bytes data_in(netlink::Bytes attribute) {
  const auto value = netlink::next_attribute(attribute);
  return value && value->type == NFTA_DATA_VALUE ? value->payload : netlink::Bytes{};
}

// Takes an address off the front; absent when there is not that much.
std::optional<IpAddress> take_address(netlink::Bytes& rest, bool v4) {
  if (rest.size() < (v4 ? 4U : 16U)) return {};
  if (v4) {
    boost::asio::ip::address_v4::bytes_type octets;
    std::copy_n(rest.begin(), octets.size(), octets.begin());
    rest = rest.subspan(octets.size());
    return boost::asio::ip::address_v4(octets);
  }
  boost::asio::ip::address_v6::bytes_type octets;
  std::copy_n(rest.begin(), octets.size(), octets.begin());
  rest = rest.subspan(octets.size());
  return boost::asio::ip::address_v6(octets);
}

std::uint16_t port_in(netlink::Bytes octets) {
  return static_cast<std::uint16_t>(octets[0] << 8U | octets[1]);
}

std::optional<PortEntry> parse_entry(netlink::Bytes element, const PortMap& map) {
  netlink::Bytes key;
  netlink::Bytes value;
  while (const auto attribute = netlink::next_attribute(element)) {
    if (attribute->type == NFTA_SET_ELEM_KEY) key = data_in(attribute->payload);
    if (attribute->type == NFTA_SET_ELEM_DATA) value = data_in(attribute->payload);
  }
  PortEntry entry;
  if (map.with_address) entry.host_address = take_address(key, map.v4);
  const auto pod = take_address(value, map.v4);
  if (!pod || key.size() < 8 || value.size() < 4) return {};
  entry.protocol = static_cast<Protocol>(key[0]);
  entry.host_port = port_in(key.subspan(4));
  entry.pod = *pod;
  entry.pod_port = port_in(value);
  return entry;
}

const char* name_of(Protocol protocol) {
  return protocol == Protocol::tcp ? "tcp" : protocol == Protocol::udp ? "udp" : "sctp";
}

}  // namespace

const char* PortMap::name() const {
  if (with_address) return v4 ? "address_ports4" : "address_ports6";
  return v4 ? "ports4" : "ports6";
}

std::string PortEntry::to_string() const {
  return (host_address ? host_address->to_string() + " " : std::string()) + name_of(protocol) +
         " port " + std::to_string(host_port);
}

bool operator<(const PortEntry& left, const PortEntry& right) {
  const auto fields = [](const PortEntry& entry) {
    return std::tie(entry.protocol, entry.host_port, entry.host_address, entry.pod, entry.pod_port);
  };
  return fields(left) < fields(right);
}

std::vector<PortEntry> entries_of(const std::vector<PortMapping>& mappings,
                                  const std::vector<IpAddress>& addresses) {
  std::vector<PortEntry> entries;
  for (const auto& mapping : mappings) {
    for (const auto& address : addresses) {
      const auto& host = mapping.host_address;
      if (host && host->is_v4() != address.is_v4()) continue;
      entries.push_back({mapping.protocol, mapping.host_port,
                         host && !host->is_unspecified() ? host : std::nullopt, address,
                         mapping.pod_port});
    }
  }
  return entries;
}

bool collide(const PortEntry& left, const PortEntry& right) {
  return left.protocol == right.protocol && left.host_port == right.host_port &&
         left.pod.is_v4() == right.pod.is_v4() &&
         (!left.host_address || !right.host_address || left.host_address == right.host_address);
}

void add_entry(netlink::Batch& batch, const PortEntry& entry) {
  begin(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, map_of(entry), "map " + entry.to_string());
  put_element(batch, entry, true);
}

void delete_entry(netlink::Batch& batch, const PortEntry& entry) {
  begin(batch, NFT_MSG_DELSETELEM, 0, map_of(entry), "unmap " + entry.to_string());
  put_element(batch, entry, false);
}

void list_entries(netlink::Batch& batch, const PortMap& map) {
  begin(batch, NFT_MSG_GETSETELEM, 0, map, std::string("list mapped ports in ") + map.name());
}

std::vector<PortEntry> parse_entries(const netlink::Message& message, const PortMap& map) {
  std::vector<PortEntry> entries;
  netlink::Bytes rest = message.payload;
  (void)netlink::take_header<nfgenmsg>(rest);
  while (const auto attribute = netlink::next_attribute(rest)) {
    netlink::Bytes list =
        attribute->type == NFTA_SET_ELEM_LIST_ELEMENTS ? attribute->payload : netlink::Bytes{};
    while (const auto element = netlink::next_attribute(list)) {
      if (auto entry = parse_entry(element->payload, map)) entries.push_back(*entry);
    }
  }
  return entries;
}

}  // namespace paddock::net::nat
