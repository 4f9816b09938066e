// SPDX-License-Identifier: Apache-2.0
//
// What stands below PREFIX/subnets/ in flannel's etcd, and the hosts it speaks of: pure. flannel
// knows a host by its public address, so that is a peer's name here; one that has several subnets
// (as ours may) is one peer.
#pragma once

#include "netd/subnet_registry.hpp"

#include <paddock/metadata/etcd.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace paddock::netd {

class FlannelTable {
 public:
  struct Entry {
    Subnets subnets;
    net::flannel::HostRecord record;
    std::string host;        // host_of(record)
    std::int64_t lease = 0;  // 0: it never runs out
    std::int64_t created = 0;
    std::int64_t modified = 0;
  };

  FlannelTable() = default;
  FlannelTable(FlannelTable&&) = default;  // places in it stay what they are
  FlannelTable& operator=(FlannelTable&&) = default;

  // Who a record is about: its public address.
  [[nodiscard]] static std::string host_of(const net::flannel::HostRecord& record);

  // One key below subnets/, by its name there. Returns the hosts whose peers may be others now.
  // What is no record of flannel's is left out; problems() names it.
  std::set<std::string> put(const std::string& name, const metadata::etcd::KeyValue& stored);
  std::set<std::string> erase(const std::string& name);

  [[nodiscard]] const Entry* find(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }
  // Absent when the host has no subnet, or is reached in a way that we do not know.
  [[nodiscard]] std::optional<net::Peer> peer(const std::string& host) const;
  [[nodiscard]] std::vector<net::Peer> peers() const;
  [[nodiscard]] std::vector<std::string> problems() const;

 private:
  using Named = std::map<std::string, Entry>::value_type;
  struct ByHost {
    using is_transparent = void;
    bool operator()(const Named* left, const Named* right) const {
      return std::tie(left->second.host, left->first) < std::tie(right->second.host, right->first);
    }
    bool operator()(const Named* left, const std::string& host) const {
      return left->second.host < host;
    }
    bool operator()(const std::string& host, const Named* right) const {
      return host < right->second.host;
    }
  };
  using OfHosts = std::set<const Named*, ByHost>;

  [[nodiscard]] static std::optional<net::Peer> peer(OfHosts::const_iterator first,
                                                     OfHosts::const_iterator last);

  std::map<std::string, Entry> entries_;
  OfHosts of_hosts_;                             // places in entries_ whose host is known
  std::map<std::string, std::string> problems_;  // by name of the key
};

}  // namespace paddock::netd
