// SPDX-License-Identifier: Apache-2.0
#include "nat/host_ports.hpp"

#include "failure.hpp"
#include "nat/connections.hpp"
#include "nat/nfnetlink.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace paddock::net::nat {
namespace {

// A connection of TCP to something else would be cut; one that is new finds the mapping by itself.
std::vector<PortEntry> without_tcp(std::vector<PortEntry> entries) {
  std::erase_if(entries, [](const PortEntry& entry) { return entry.protocol == Protocol::tcp; });
  return entries;
}

std::vector<IpAddress> first_of_each_family(const std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> first;
  for (const bool v4 : {true, false}) {
    const auto found = std::ranges::find(addresses, v4, &IpAddress::is_v4);
    if (found != addresses.end()) first.push_back(*found);
  }
  return first;
}

std::vector<PortEntry> minus(std::vector<PortEntry> left, std::vector<PortEntry> right) {
  std::sort(left.begin(), left.end());
  std::sort(right.begin(), right.end());
  std::vector<PortEntry> rest;
  std::set_difference(left.begin(), left.end(), right.begin(), right.end(),
                      std::back_inserter(rest));
  return rest;
}

}  // namespace

HostPorts::HostPorts(const NetworkNamespace& host) : sockets_(host, NETLINK_NETFILTER) {}

Result<void> HostPorts::take(const std::string& owner, const std::vector<PortMapping>& mappings,
                             const std::vector<IpAddress>& addresses) {
  auto entries = entries_of(mappings, first_of_each_family(addresses));
  if (entries.empty()) return {};
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto collides = [&](const PortEntry& other) { return collide(entries[i], other); };
    if (std::any_of(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(i), collides))
      return failure(EINVAL, entries[i].to_string() + " is asked for twice");
    const auto [first, last] = taken_.equal_range({entries[i].protocol, entries[i].host_port});
    for (auto holder = first; holder != last; ++holder) {
      if (holder->second != owner &&
          std::ranges::any_of(owners_.at(holder->second).entries, collides))
        return failure(EADDRINUSE, entries[i].to_string() + " of the host belongs to " +
                                       holder->second + ", " + owner + " cannot have it");
    }
  }
  std::erase_if(taken_, [&](const auto& taken) { return taken.second == owner; });
  for (const auto& entry : entries)
    taken_.emplace(std::pair{entry.protocol, entry.host_port}, owner);
  owners_[owner] = {std::move(entries), false};
  return {};
}

void HostPorts::adopt(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  if (const auto found = owners_.find(owner); found != owners_.end())
    found->second.published = true;
}

Result<void> HostPorts::publish(const std::string& owner) {
  const std::lock_guard in_order(kernel_);
  std::vector<PortEntry> entries;
  {
    const std::lock_guard lock(mutex_);
    const auto found = owners_.find(owner);
    if (found == owners_.end()) return {};
    found->second.published = true;
    entries = found->second.entries;
  }
  netlink::Batch batch;
  for (const auto& entry : entries) add_entry(batch, entry);
  auto socket = sockets_.borrow();
  if (auto done = socket->commit(batch); !done && !is_missing(done.error())) return done;
  return forget_connections_to(socket, without_tcp(std::move(entries)));
}

Result<void> HostPorts::withdraw(const std::string& owner) {
  const std::lock_guard in_order(kernel_);
  Mappings gone;
  {
    const std::lock_guard lock(mutex_);
    const auto found = owners_.find(owner);
    if (found == owners_.end()) return {};
    gone = std::move(found->second);
    owners_.erase(found);
    std::erase_if(taken_, [&](const auto& taken) { return taken.second == owner; });
  }
  if (!gone.published) return {};
  netlink::Batch batch;
  for (const auto& entry : gone.entries) delete_entry(batch, entry);
  auto socket = sockets_.borrow();
  auto done = socket->commit(batch);
  // One that is not there keeps the others from going: then what is there decides.
  if (!done && is_missing(done.error())) return {};
  return done;
}

Result<bool> HostPorts::is_published(const std::string& owner) {
  const std::lock_guard in_order(kernel_);
  const auto there = listed();
  if (!there) return is_missing(there.error()) ? Result<bool>(false) : there.error();
  const std::lock_guard lock(mutex_);
  const auto found = owners_.find(owner);
  return found == owners_.end() || minus(found->second.entries, *there).empty();
}

Result<std::vector<PortEntry>> HostPorts::listed() {
  std::vector<PortEntry> all;
  auto socket = sockets_.borrow();
  for (const auto& map : port_maps) {
    netlink::Batch request;
    list_entries(request, map);
    const auto before = all.size();
    const auto dumped = socket->dump(
        request, [&] { all.resize(before); },
        [&](const netlink::Message& message) {
          std::ranges::copy(parse_entries(message, map), std::back_inserter(all));
        });
    if (!dumped) return dumped.error();
  }
  return all;
}

Result<std::size_t> HostPorts::restore() {
  const std::lock_guard in_order(kernel_);
  std::vector<PortEntry> wanted;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [owner, mappings] : owners_) {
      if (mappings.published) std::ranges::copy(mappings.entries, std::back_inserter(wanted));
    }
  }
  const auto there = listed();
  if (!there) return is_missing(there.error()) ? Result<std::size_t>(0U) : there.error();
  netlink::Batch batch;
  for (const auto& entry : minus(*there, wanted)) delete_entry(batch, entry);
  for (const auto& entry : minus(wanted, *there)) add_entry(batch, entry);
  auto socket = sockets_.borrow();
  const auto done = socket->commit(batch);
  return done ? Result<std::size_t>(batch.operations().size()) : done.error();
}

}  // namespace paddock::net::nat
