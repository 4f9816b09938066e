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
  const auto placed = entries_.insert_or_assign(name, std::move(entry)).first;
  if (const auto& host = placed->second.host; !host.empty()) {
    of_hosts_.insert(&*placed);
    touched.insert(host);
  }
  return touched;
}

std::set<std::string> FlannelTable::erase(const std::string& name) {
  problems_.erase(name);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return {};
  of_hosts_.erase(&*found);
  auto host = std::move(found->second.host);
  entries_.erase(found);
  if (host.empty()) return {};
  return {std::move(host)};
}

const FlannelTable::Entry* FlannelTable::find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

std::optional<net::Peer> FlannelTable::peer(OfHosts::const_iterator first,
                                            OfHosts::const_iterator last) {
  std::optional<net::Peer> whole;
  for (; first != last; ++first) {
    const auto& entry = (*first)->second;
    auto peer = peer_of(entry.host, entry.record);
    if (!peer) continue;
    if (!whole) whole = std::move(peer);
    for (const auto& subnet : prefixes(entry.subnets)) whole->subnets.push_back(subnet);
  }
  return whole;
}

std::optional<net::Peer> FlannelTable::peer(const std::string& host) const {
  const auto [first, last] = of_hosts_.equal_range(host);
  return peer(first, last);
}

std::vector<net::Peer> FlannelTable::peers() const {
  std::vector<net::Peer> all;
  for (auto first = of_hosts_.begin(); first != of_hosts_.end();) {
    const auto last = of_hosts_.upper_bound((*first)->second.host);
    if (auto known = peer(first, last)) all.push_back(std::move(*known));
    first = last;
  }
  return all;
}

std::vector<std::string> FlannelTable::problems() const {
  std::vector<std::string> all;
  for (const auto& [name, text] : problems_) all.push_back(text);
  return all;
}

}  // namespace paddock::netd
