// SPDX-License-Identifier: Apache-2.0
#include "pods/records.hpp"

#include <utility>

namespace paddock::net {

using std::chrono::system_clock;

Records::Records(PoolOptions pool, const std::filesystem::path& directory,
                 const std::function<void(const std::string&)>& problem)
    : pool_(pool), quarantine_(pool.quarantine), store_(directory) {
  auto contents = store_.load();
  for (const auto& text : contents.problems) problem(text);
  for (auto& lease : contents.leases) {
    for (const auto& address : lease.attachment.addresses) {
      if (!pool_.restore(address) && pool_.gateway_of(address))
        problem("two records hold the address " + address.to_string() + ", one is of " +
                lease.attachment.id.alias());
    }
    show(std::move(lease));
  }
  for (const auto& freed : contents.freed) pool_.restore_freed(freed.address, freed.when);
}

Records::LeasePointer Records::find(const AttachmentId& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = leases_.find(key_of(id));
  return found == leases_.end() ? nullptr : found->second;
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
  return pool_.usage(system_clock::now());
}

Result<Reservation> Records::reserve(std::span<const IpAddress> requested) {
  const std::lock_guard lock(mutex_);
  auto taken = pool_.take(requested, system_clock::now());
  if (!taken) return taken.error();
  Reservation reserved;
  for (const auto& address : *taken) {
    reserved.subnets.push_back(pool_.network_of(address).value());
    reserved.gateways.push_back(pool_.gateway_of(address).value());
  }
  reserved.addresses = std::move(*taken);
  return reserved;
}

void Records::show(Lease lease) {
  auto shown = std::make_shared<const Lease>(std::move(lease));
  const std::lock_guard lock(mutex_);
  leases_[key_of(shown->attachment.id)] = std::move(shown);
}

void Records::cancel(const AttachmentId& id, const std::vector<IpAddress>& addresses) {
  const auto long_ago = system_clock::now() - quarantine_;
  // The runtime is told of the failure that led here; if this fails too, the next start cleans up.
  (void)store_.erase(id, addresses, long_ago).wait();
  const std::lock_guard lock(mutex_);
  for (const auto& address : addresses) pool_.free(address, long_ago);
}

Records::Release Records::begin_release(LeasePointer lease) {
  const auto now = system_clock::now();
  auto commit = store_.erase(lease->attachment.id, lease->attachment.addresses, now);
  return {std::move(lease), now, std::move(commit)};
}

Result<void> Records::finish_release(Release& release) {
  if (auto erased = release.commit.wait(); !erased) return erased;
  const std::lock_guard lock(mutex_);
  leases_.erase(key_of(release.lease->attachment.id));
  for (const auto& address : release.lease->attachment.addresses) pool_.free(address, release.when);
  return {};
}

void Records::abandon_release(Release& release) {
  (void)release.commit.wait();
  Lease stuck = *release.lease;
  stuck.state = LeaseState::detaching;
  (void)store_.put(stuck).wait();  // memory below is enough until the next start
  show(std::move(stuck));
}

}  // namespace paddock::net
