// SPDX-License-Identifier: Apache-2.0
#include "nat/elements.hpp"

#include "nat/nfnetlink.hpp"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>

#include <array>

namespace paddock::net::nat {
namespace {

void begin(netlink::Batch& batch, unsigned operation, std::uint16_t flags, const SetName& where,
           std::string what) {
  batch.begin(nftables_message(operation), flags, nfgenmsg{where.family, NFNETLINK_V0, htons(0)},
              std::move(what));
  batch.put_text(NFTA_SET_ELEM_LIST_TABLE, where.table);
  batch.put_text(NFTA_SET_ELEM_LIST_SET, where.set);
}

void put_key(netlink::Batch& batch, std::uint16_t attribute, const Key& key) {
  const auto data = batch.open(attribute);
  batch.put(NFTA_DATA_VALUE, key.bytes());
  batch.close(data);
}

void put_element(netlink::Batch& batch, const Key& key, const Key* end = nullptr) {
  const auto list = batch.open(NFTA_SET_ELEM_LIST_ELEMENTS);
  const auto element = batch.open(NFTA_LIST_ELEM);
  put_key(batch, NFTA_SET_ELEM_KEY, key);
  if (end != nullptr) {
    put_key(batch, NFTA_SET_ELEM_KEY_END, *end);
  }
  batch.close(element);
  batch.close(list);
}

// Calls visit with the payload of each attribute of that type.
template <class Visit>
void each(netlink::Bytes attributes, std::uint16_t type, const Visit& visit) {
  while (const auto attribute = netlink::next_attribute(attributes)) {
    if (attribute->type == type) {
      visit(attribute->payload);
    }
  }
}

}  // namespace

void Key::append(const void* data, std::size_t size) {
  const auto* octets = static_cast<const std::uint8_t*>(data);
  bytes_.insert(bytes_.end(), octets, octets + size);
  bytes_.resize((bytes_.size() + 3) & ~std::size_t{3});
}

std::uint32_t Key::first_link() const { return netlink::read<std::uint32_t>(bytes_).value_or(0); }

Key& Key::link(std::uint32_t index) {
  append(&index, sizeof index);
  return *this;
}

Key& Key::mac(const MacAddress& mac) {
  append(mac.octets.data(), mac.octets.size());
  return *this;
}

Key& Key::address(const IpAddress& address) {
  if (address.is_v4()) {
    const auto octets = address.to_v4().to_bytes();
    append(octets.data(), octets.size());
  } else {
    const auto octets = address.to_v6().to_bytes();
    append(octets.data(), octets.size());
  }
  return *this;
}

Key& Key::link_name(const std::string& name) {
  std::array<char, IFNAMSIZ> octets{};
  name.copy(octets.data(), octets.size() - 1);
  append(octets.data(), octets.size());
  return *this;
}

void add_element(netlink::Batch& batch, const SetName& where, const Key& key) {
  begin(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, where, "add an element to set " + where.set);
  put_element(batch, key);
}

void delete_element(netlink::Batch& batch, const SetName& where, const Key& key) {
  begin(batch, NFT_MSG_DELSETELEM, 0, where, "delete an element of set " + where.set);
  put_element(batch, key);
}

void add_interval(netlink::Batch& batch, const SetName& where, const Key& key, const Key& end) {
  begin(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, where, "add an interval to set " + where.set);
  put_element(batch, key, &end);
}

void delete_interval(netlink::Batch& batch, const SetName& where, const Key& key, const Key& end) {
  begin(batch, NFT_MSG_DELSETELEM, 0, where, "delete an interval of set " + where.set);
  put_element(batch, key, &end);
}

Result<std::vector<Key>> list_elements(netlink::Socket& socket, const SetName& where) {
  netlink::Batch request;
  begin(request, NFT_MSG_GETSETELEM, 0, where, "list the elements of set " + where.set);
  std::vector<Key> keys;
  const auto take = [&](const netlink::Message& message) {
    netlink::Bytes rest = message.payload;
    (void)netlink::take_header<nfgenmsg>(rest);
    each(rest, NFTA_SET_ELEM_LIST_ELEMENTS, [&](netlink::Bytes list) {
      each(list, NFTA_LIST_ELEM, [&](netlink::Bytes element) {
        each(element, NFTA_SET_ELEM_KEY, [&](netlink::Bytes data) {
          each(data, NFTA_DATA_VALUE, [&](netlink::Bytes value) {
            keys.emplace_back().append(value.data(), value.size());
          });
        });
      });
    });
  };
  const auto dumped = socket.dump(
      request, [&] { keys.clear(); }, take);
  return dumped ? Result<std::vector<Key>>(std::move(keys)) : dumped.error();
}

}  // namespace paddock::net::nat
