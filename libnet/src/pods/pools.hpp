// SPDX-License-Identifier: Apache-2.0
//
// The address pools of a host: those of networks that have their own, and one for all others.
#pragma once

#include <paddock/net/address_pool.hpp>

#include <map>
#include <string>
#include <vector>

namespace paddock::net {

// Pools never overlap, so an address belongs to one of them whatever network asks.
class Pools {
 public:
  // Throws std::invalid_argument with a sentence when a pool is wrong, or two overlap.
  Pools(PoolOptions common, std::map<std::string, PoolOptions> networks);

  // One subnet more for the common pool. An error when it is wrong, or overlaps another pool's.
  [[nodiscard]] Result<void> add(const PoolSubnet& subnet);
  // As AddressPool, of the common pool.
  void close(const Prefix& network) { pools_.front().close(network); }

  [[nodiscard]] AddressPool& of(const std::string& network);
  [[nodiscard]] const AddressPool& of(const std::string& network) const;
  // Null when the address is of none.
  [[nodiscard]] AddressPool* holding(const IpAddress& address);
  [[nodiscard]] std::vector<AddressPool::Usage> usage(AddressPool::Time now) const;

 private:
  [[nodiscard]] std::size_t place_of(const std::string& network) const;

  struct Place {
    std::string pool;
    Prefix subnet;
  };
  [[nodiscard]] Result<void> check(const Place& place) const;

  std::vector<AddressPool> pools_;  // the common one first
  std::string common_;              // its name
  std::vector<Place> seen_;         // the subnets of all
  std::map<std::string, std::size_t> places_;
};

}  // namespace paddock::net
