// SPDX-License-Identifier: Apache-2.0
#include "netd/flannel_table.hpp"

#include "netd/peers.hpp"

#include <utility>

namespace paddock::netd {

std::string FlannelTable::host_of(const net::flannel::HostRecord& record) {
  if (record.public_ip) return record.public_ip->to_string();
  return record.public_ipv6 ? record.public_ipv6->to_string() : std::string();
}

std::set<std::string> FlannelTable::put(const std::string& name,
                                        const metadata::etcd::KeyValue& stored) {
  auto touched = erase(name);
  const auto subnets = net::flannel::parse_key(name);
  if (!subnets) {
    problems_[name] = "the key " + name + " names no subnet";
    return touched;
  }
  auto record = net::flannel::parse_record(stored.value);
  if (!record) problems_[name] = "the key " + name + ": " + record.error().text;
  // A subnet is taken, whoever has it.
  Entry entry{*subnets,
              record ? std::move(*record) : net::flannel::HostRecord{},
              {},
              stored.lease,
              stored.create_revision,
              stored.mod_revision};
  entry.host = host_of(entry.record);
  if (!entry.host.empty()) {
    names_of_.emplace(entry.host, name);
    touched.insert(entry.host);
  }
  entries_[name] = std::move(entry);
  return touched;
}

std::set<std::string> FlannelTable::erase(const std::string& name) {
  problems_.erase(name);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return {};
  const auto host = std::move(found->second.host);
  entries_.erase(found);
  if (host.empty()) return {};
  names_of_.erase({host, name});
  return {host};
}

const FlannelTable::Entry* FlannelTable::find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

std::optional<net::Peer> FlannelTable::peer(const std::string& host) const {
  std::optional<net::Peer> whole;
  auto at = names_of_.lower_bound({host, {}});
  for (; at != names_of_.end() && at->first == host; ++at) {
    const auto& entry = entries_.at(at->second);
    auto peer = peer_of(host, entry.record);
    if (!peer) continue;
    if (!whole) whole = std::move(peer);
    for (const auto& subnet : prefixes(entry.subnets)) whole->subnets.push_back(subnet);
  }
  return whole;
}

std::vector<net::Peer> FlannelTable::peers() const {
  std::vector<net::Peer> all;
  const std::string* last = nullptr;
  for (const auto& [host, name] : names_of_) {
    if (last && *last == host) continue;
    last = &host;
    if (auto known = peer(host)) all.push_back(std::move(*known));
  }
  return all;
}

std::vector<std::string> FlannelTable::problems() const {
  std::vector<std::string> all;
  for (const auto& [name, text] : problems_) all.push_back(text);
  return all;
}

}  // namespace paddock::netd
