// SPDX-License-Identifier: Apache-2.0
//
// What all peers need together, found by what the kernel tells entries apart by: so that one peer
// more costs the same among five and among five thousand, and an event is judged without a search.
#pragma once

#include "overlay/entries.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace paddock::net::overlay {

struct NeighborKey {
  Way way = Way::none;
  IpAddress address;
  friend bool operator==(const NeighborKey&, const NeighborKey&) = default;
};
struct ForwardingKey {
  Way way = Way::none;
  MacAddress mac;
  friend bool operator==(const ForwardingKey&, const ForwardingKey&) = default;
};
struct SecureKey {
  Way way = Way::none;
  WireguardKey key;
  friend bool operator==(const SecureKey&, const SecureKey&) = default;
};
struct KeyHash {
  std::size_t operator()(const NeighborKey& key) const;
  std::size_t operator()(const ForwardingKey& key) const;
  std::size_t operator()(const SecureKey& key) const;
  std::size_t operator()(const Prefix& key) const;
};

class Table {
 public:
  // The entry that holds, and the peer that wants it: its host name, borrowed from the owner.
  template <class Entry>
  struct Claim {
    Entry entry;
    const std::string* host = nullptr;
  };
  template <class Key, class Entry>
  using Claims = std::unordered_map<Key, Claim<Entry>, KeyHash>;

  // Where two peers want the same, the later one gets it; returns who had it before. host must
  // live until the entries are removed.
  std::vector<std::string> add(const PeerEntries& entries, const std::string& host);
  // What another peer has taken over meanwhile stays.
  void remove(const PeerEntries& entries, const std::string& host);
  // Whether an entry was ever wanted by two peers: removing one may have to bring back another's.
  bool contested() const { return contested_; }
  void clear();
  // Makes room for the entries of so many peers, if each has one subnet.
  void reserve(std::size_t peers);

  const Claims<NeighborKey, NeighborEntry>& neighbors() const { return neighbors_; }
  const Claims<ForwardingKey, ForwardingEntry>& forwarding() const { return forwarding_; }
  const Claims<SecureKey, SecureEntry>& secure() const { return secure_; }
  const Claims<Prefix, RouteEntry>& routes() const { return routes_; }

 private:
  Claims<NeighborKey, NeighborEntry> neighbors_;
  Claims<ForwardingKey, ForwardingEntry> forwarding_;
  Claims<SecureKey, SecureEntry> secure_;
  Claims<Prefix, RouteEntry> routes_;
  bool contested_ = false;
};

}  // namespace paddock::net::overlay
