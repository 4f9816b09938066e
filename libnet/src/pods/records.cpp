// SPDX-License-Identifier: Apache-2.0
#include "pods/records.hpp"

#include "failure.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace paddock::net {

using std::chrono::system_clock;

namespace {

constexpr std::chrono::seconds release_patience{1};  // they take a millisecond

}  // namespace

bool is_serving(const Lease& lease) {
  return lease.state == LeaseState::attached && !lease.attachment.addresses.empty() &&
         !lease.result.empty();
}

std::string owner_of(const PodIdentity& pod, const AttachmentId& id) {
  return pod.name_space + "/" + pod.name + "/" + id.network + "/" + id.ifname;
}

Records::Records(Pools pools, std::chrono::milliseconds quarantine,
                 const std::filesystem::path& directory,
                 const std::function<void(const std::string&)>& problem)
    : pools_(std::move(pools)), quarantine_(quarantine), store_(directory) {
  auto contents = store_.load();
  for (const auto& text : contents.problems) problem(text);
  for (auto& lease : contents.leases) {
    for (const auto& address : lease.attachment.addresses) {
      auto* pool = pools_.holding(address);  // none: a pod may outlive a change of the subnets
      if (pool && !pool->restore(address))
        problem("two records hold the address " + address.to_string() + ", one is of " +
                lease.attachment.id.alias());
    }
    show(std::move(lease));
  }
  std::ranges::sort(contents.freed, {}, &LeaseStore::Freed::when);
  for (const auto& freed : contents.freed) {
    auto* pool = pools_.holding(freed.address);
    if (!pool) continue;
    pool->restore_freed(freed.address, freed.when);
    former_owners_.note(freed.address, freed.owner);
  }
}

Records::LeasePointer Records::find(const AttachmentId& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = leases_.find(key_of(id));
  return found == leases_.end() ? nullptr : found->second;
}

Records::LeasePointer Records::find(std::uint32_t host_ifindex) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_link_.find(host_ifindex);
  return found == by_link_.end() ? nullptr : found->second;
}

std::size_t Records::serving() const {
  const std::lock_guard lock(mutex_);
  return serving_;
}

std::vector<Records::LeasePointer> Records::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<LeasePointer> result;
  result.reserve(leases_.size());
  for (const auto& [key, lease] : leases_) result.push_back(lease);
  return result;
}

std::vector<AddressPool::Usage> Records::usage() const {
  const std::lock_guard lock(mutex_);
  return pools_.usage(system_clock::now());
}

std::vector<AddressPool::Usage> Records::usage(const std::string& network) const {
  const std::lock_guard lock(mutex_);
  return pools_.of(network).usage(system_clock::now());
}

Result<void> Records::add_subnet(const PoolSubnet& subnet) {
  const std::lock_guard lock(mutex_);
  if (auto added = pools_.add(subnet); !added) return added;
  for (const auto& [key, lease] : leases_) {
    for (const auto& address : lease->attachment.addresses) {
      if (subnet.network.contains(address)) pools_.holding(address)->restore(address);
    }
  }
  return {};
}

void Records::close_subnet(const Prefix& network) {
  const std::lock_guard lock(mutex_);
  pools_.close(network);
}

// The lock is held.
Result<std::vector<IpAddress>> Records::take(const Claim& claim) {
  auto& pool = pools_.of(claim.network);
  std::vector<AddressRange> within;
  for (const auto& range : claim.ranges) {
    within.push_back({range.first, range.last});
    const auto gateway = pool.gateway_of(range.first);
    if (range.names_gateway && gateway && *gateway != range.gateway)
      return failure(EADDRNOTAVAIL, "the gateway of " + range.subnet.to_string() + " is " +
                                        gateway->to_string() + ", not " +
                                        range.gateway.to_string());
  }
  std::vector<IpAddress> former;
  if (claim.requested.empty() && !claim.owner.empty()) {
    former = former_owners_.addresses_of(claim.owner);
    std::erase_if(former, [&](const IpAddress& address) {
      const auto has = [&](const cni::IpRange& range) { return range.contains(address); };
      return !pool.network_of(address) ||
             (!claim.ranges.empty() && std::ranges::none_of(claim.ranges, has));
    });
  }
  auto taken = pool.take(former.empty() ? claim.requested : former, system_clock::now(), within);
  // The former ones may be another pod's by now, or their subnet not ours to give any more.
  if (!taken && !former.empty()) taken = pool.take(claim.requested, system_clock::now(), within);
  return taken;
}

Result<Reservation> Records::reserve(const Claim& claim) {
  std::unique_lock lock(mutex_);
  auto taken = take(claim);
  const auto deadline = std::chrono::steady_clock::now() + release_patience;
  while (!taken && releases_ > 0) {  // what is missing may be on its way
    const auto before = ended_;
    if (!released_.wait_until(lock, deadline, [&] { return ended_ != before; })) break;
    taken = take(claim);
  }
  if (!taken) return taken.error();
  auto& pool = pools_.of(claim.network);
  Reservation reserved;
  for (const auto& address : *taken) {
    former_owners_.forget(address);
    reserved.subnets.push_back(pool.network_of(address).value());
    reserved.gateways.push_back(pool.gateway_of(address).value());
  }
  reserved.addresses = std::move(*taken);
  return reserved;
}

std::vector<LeaseStore::Freed> Records::freed_by(const Lease& lease,
                                                 system_clock::time_point when) {
  std::vector<LeaseStore::Freed> freed;
  for (const auto& address : lease.attachment.addresses)
    freed.push_back({address, when, owner_of(lease.pod, lease.attachment.id)});
  return freed;
}

// The lock is held.
void Records::free(const std::vector<LeaseStore::Freed>& freed) {
  for (const auto& note : freed) {
    auto* pool = pools_.holding(note.address);
    if (!pool) continue;
    pool->free(note.address, note.when);
    former_owners_.note(note.address, note.owner);
  }
}

void Records::show(Lease lease) {
  auto shown = std::make_shared<const Lease>(std::move(lease));
  const std::lock_guard lock(mutex_);
  remove(shown->attachment.id);
  if (shown->attachment.host_ifindex != 0) by_link_[shown->attachment.host_ifindex] = shown;
  serving_ += is_serving(*shown) ? 1U : 0U;
  leases_[key_of(shown->attachment.id)] = std::move(shown);
}

// The lock is held.
void Records::remove(const AttachmentId& id) {
  const auto found = leases_.find(key_of(id));
  if (found == leases_.end()) return;
  const auto link = by_link_.find(found->second->attachment.host_ifindex);
  if (link != by_link_.end() && link->second == found->second) by_link_.erase(link);
  serving_ -= is_serving(*found->second) ? 1U : 0U;
  leases_.erase(found);
}

void Records::cancel(const Lease& lease) {
  const auto freed = freed_by(lease, system_clock::now() - quarantine_);
  // The runtime is told of the failure that led here; if this fails too, the next start cleans up.
  (void)store_.erase(lease.attachment.id, freed);
  const std::lock_guard lock(mutex_);
  free(freed);
}

void Records::withhold(const std::vector<IpAddress>& reserved,
                       const std::vector<IpAddress>& others) {
  const auto rested = system_clock::now() - quarantine_;
  const std::lock_guard lock(mutex_);
  for (const auto& address : reserved) {
    if (std::ranges::find(others, address) != others.end())
      withheld_.push_back(address);
    else if (auto* pool = pools_.holding(address))
      pool->free(address, rested);
  }
}

std::vector<IpAddress> Records::withheld() const {
  const std::lock_guard lock(mutex_);
  return withheld_;
}

void Records::give_back(const IpAddress& address) {
  const std::lock_guard lock(mutex_);
  if (std::erase(withheld_, address) == 0) return;
  if (auto* pool = pools_.holding(address)) pool->free(address, system_clock::now());
}

void Records::begin_release() {
  const std::lock_guard lock(mutex_);
  ++releases_;
}

// The lock is held.
void Records::end_release() {
  --releases_;
  ++ended_;
  released_.notify_all();
}

Result<void> Records::release(const Lease& lease) {
  const auto freed = freed_by(lease, system_clock::now());
  if (auto erased = store_.erase(lease.attachment.id, freed); !erased) return erased;
  const std::lock_guard lock(mutex_);
  remove(lease.attachment.id);
  free(freed);
  end_release();
  return {};
}

void Records::abandon(const Lease& lease) {
  Lease stuck = lease;
  stuck.state = LeaseState::detaching;
  (void)store_.put(stuck);  // memory below is enough until the next start
  show(std::move(stuck));
  const std::lock_guard lock(mutex_);
  end_release();
}

void Records::settle() const {
  std::unique_lock lock(mutex_);
  released_.wait_for(lock, release_patience, [this] { return releases_ == 0; });
}

}  // namespace paddock::net
