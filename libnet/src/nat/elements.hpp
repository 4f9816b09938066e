// SPDX-License-Identifier: Apache-2.0
//
// Elements of nftables sets, over bare netlink: put them in a Batch and give that to
// netlink::Socket::commit(). One element costs microseconds; the rules that look them up never
// change.
#pragma once

#include "netlink/batch.hpp"
#include "netlink/socket.hpp"

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace paddock::net::nat {

struct SetName {
  std::uint8_t family = 0;  // NFPROTO_BRIDGE, NFPROTO_INET
  std::string table;
  std::string set;
};

// The key of an element: its parts in order, each padded as the kernel has it.
class Key {
 public:
  Key& link(std::uint32_t index);
  Key& mac(const MacAddress& mac);
  Key& address(const IpAddress& address);
  Key& link_name(const std::string& name);

  const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  // The link a key begins with; 0 when it is too short for one.
  std::uint32_t first_link() const;
  friend auto operator<=>(const Key&, const Key&) = default;

 private:
  friend Result<std::vector<Key>> list_elements(netlink::Socket&, const SetName&);
  void append(const void* data, std::size_t size);
  std::vector<std::uint8_t> bytes_;
};

// An element that is there already counts as added. What is missing is an error: ENOENT.
void add_element(netlink::Batch& batch, const SetName& where, const Key& key);
// Everything from key to end, part by part, in a set of intervals of several parts.
void add_interval(netlink::Batch& batch, const SetName& where, const Key& key, const Key& end);
void delete_interval(netlink::Batch& batch, const SetName& where, const Key& key, const Key& end);
void delete_element(netlink::Batch& batch, const SetName& where, const Key& key);

// ENOENT: there is no such set.
Result<std::vector<Key>> list_elements(netlink::Socket& socket, const SetName& where);

}  // namespace paddock::net::nat
