// SPDX-License-Identifier: Apache-2.0
//
// What this host's pods have, in memory and on disk at once: the pool, the leases and their store.
#pragma once

#include <paddock/net/address_pool.hpp>
#include <paddock/net/lease_store.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace paddock::net {

// Addresses taken from the pool, one per family, and of each its subnet and gateway.
struct Reservation {
  std::vector<IpAddress> addresses;
  std::vector<Prefix> subnets;
  std::vector<IpAddress> gateways;
};

// Any thread. Memory is changed when the disk has agreed, except where it says otherwise.
class Records {
 public:
  using LeasePointer = std::shared_ptr<const Lease>;

  // Reads what is on disk; `problem` is told what could not be taken over.
  Records(PoolOptions pool, const std::filesystem::path& directory,
          const std::function<void(const std::string&)>& problem);

  // Null when there is none.
  [[nodiscard]] LeasePointer find(const AttachmentId& id) const;
  [[nodiscard]] std::vector<LeasePointer> all() const;
  [[nodiscard]] std::vector<AddressPool::Usage> usage() const;

  [[nodiscard]] Result<Reservation> reserve(std::span<const IpAddress> requested);
  // Begins to write a record that memory does not show yet.
  [[nodiscard]] Commit begin(const Lease& lease) { return store_.put(lease); }
  // Memory shows the lease from now on; its record was written.
  void show(Lease lease);

  // Forgets a reservation and its record, whatever of both there is. The addresses were never in
  // anybody's cache, so they do not rest.
  void cancel(const AttachmentId& id, const std::vector<IpAddress>& addresses);

  // Begins to erase the record; finish_release() follows when the kernel has let go.
  struct Release {
    LeasePointer lease;
    std::chrono::system_clock::time_point when;
    Commit commit;
  };
  [[nodiscard]] Release begin_release(LeasePointer lease);
  // Frees the addresses once the record is gone from disk. On an error everything stays as it was.
  [[nodiscard]] Result<void> finish_release(Release& release);
  // The kernel did not let go: the record is written again, as detaching, and the addresses stay
  // taken.
  void abandon_release(Release& release);

 private:
  static std::string key_of(const AttachmentId& id) { return id.alias(); }

  mutable std::mutex mutex_;  // pool_ and leases_: held for memory only, never over I/O
  AddressPool pool_;
  std::chrono::milliseconds quarantine_;
  std::unordered_map<std::string, LeasePointer> leases_;
  LeaseStore store_;
};

}  // namespace paddock::net
