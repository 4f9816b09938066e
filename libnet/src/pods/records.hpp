// SPDX-License-Identifier: Apache-2.0
//
// What this host's pods have, in memory and on disk at once: the pools, the leases and their store.
#pragma once

#include "pods/former_owners.hpp"
#include "pods/pools.hpp"

#include <paddock/net/address_pool.hpp>
#include <paddock/net/cni.hpp>
#include <paddock/net/lease_store.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
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

// Which addresses somebody wants.
struct Claim {
  std::string network;
  std::span<const IpAddress> requested;
  std::span<const cni::IpRange> ranges;
  std::string owner;  // whose former addresses will do when none is requested; empty: nobody's
};

// Addresses taken from a pool, one per family, and of each its subnet and gateway.
struct Reservation {
  std::vector<IpAddress> addresses;
  std::vector<Prefix> subnets;
  std::vector<IpAddress> gateways;
};

// An attached lease with an address; others are links without one, on their way out, or what
// chained plugins did for a pod that another plugin attached, and tells of.
bool is_serving(const Lease& lease);

// The owner of an attachment's addresses across its lives: the pod by its name, and the interface.
std::string owner_of(const PodIdentity& pod, const AttachmentId& id);

// Any thread. Memory is changed when the disk has agreed, except where it says otherwise.
class Records {
 public:
  using LeasePointer = std::shared_ptr<const Lease>;

  // Reads what is on disk; `problem` is told what could not be taken over.
  Records(Pools pools, std::chrono::milliseconds quarantine, const std::filesystem::path& directory,
          const std::function<void(const std::string&)>& problem);

  // Null when there is none.
  [[nodiscard]] LeasePointer find(const AttachmentId& id) const;
  [[nodiscard]] LeasePointer find(std::uint32_t host_ifindex) const;
  [[nodiscard]] std::vector<LeasePointer> all() const;
  // How many pods have addresses: is_serving() says of each whether it counts.
  [[nodiscard]] std::size_t serving() const;
  [[nodiscard]] std::vector<AddressPool::Usage> usage() const;
  // Of the pool that network's pods have their addresses from.
  [[nodiscard]] std::vector<AddressPool::Usage> usage(const std::string& network) const;

  // As Pools. Leases that were there before the subnet hold their addresses in it.
  [[nodiscard]] Result<void> add_subnet(const PoolSubnet& subnet);
  void close_subnet(const Prefix& network);

  [[nodiscard]] Result<Reservation> reserve(const Claim& claim);
  // Writes a record that memory does not show yet.
  [[nodiscard]] Result<void> write(const Lease& lease) { return store_.put(lease); }
  // Memory shows the lease from now on; its record was written.
  void show(Lease lease);

  // Forgets the lease's reservation and its record, whatever of both there is. The addresses were
  // never in anybody's cache, so they do not rest.
  void cancel(const Lease& lease);

  // Of addresses just reserved, those that somebody has of whom there is no record stay taken until
  // they are given back; the others are free again.
  void withhold(const std::vector<IpAddress>& reserved, const std::vector<IpAddress>& others);
  [[nodiscard]] std::vector<IpAddress> withheld() const;
  void give_back(const IpAddress& address);

  // A lease is on its way out; release() or abandon() follows. Until then those who find no address
  // wait for a moment.
  void begin_release();
  // Erases the record and frees the addresses.
  [[nodiscard]] Result<void> release(const Lease& lease);
  // Something holds on to it: the record says detaching, and the addresses stay taken.
  void abandon(const Lease& lease);
  // Waits for the leases on their way out.
  void settle() const;

 private:
  static std::string key_of(const AttachmentId& id) { return id.alias(); }
  static std::vector<LeaseStore::Freed> freed_by(const Lease& lease,
                                                 std::chrono::system_clock::time_point when);
  void free(const std::vector<LeaseStore::Freed>& freed);
  void remove(const AttachmentId& id);

  void end_release();
  Result<std::vector<IpAddress>> take(const Claim& claim);

  mutable std::mutex mutex_;  // the pools, owners and leases: held for memory only, never over I/O
  Pools pools_;
  FormerOwners former_owners_;
  std::vector<IpAddress> withheld_;
  std::chrono::milliseconds quarantine_;
  std::unordered_map<std::string, LeasePointer> leases_;
  std::unordered_map<std::uint32_t, LeasePointer> by_link_;  // those with a link of ours
  std::size_t serving_ = 0;
  mutable std::condition_variable released_;
  unsigned releases_ = 0;  // begun and not ended
  std::uint64_t ended_ = 0;
  LeaseStore store_;
};

}  // namespace paddock::net
