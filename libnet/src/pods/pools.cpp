// SPDX-License-Identifier: Apache-2.0
#include "pods/pools.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace paddock::net {

Pools::Pools(PoolOptions common, std::map<std::string, PoolOptions> networks) {
  std::vector<std::pair<std::string, Prefix>> seen;  // pool and subnet
  const auto add = [&](PoolOptions options) {
    for (const auto& subnet : options.subnets) {
      for (const auto& [name, other] : seen) {
        const bool overlap =
            other.contains(subnet.network.address) || subnet.network.contains(other.address);
        if (overlap && name != options.name)
          throw std::invalid_argument("subnet " + subnet.network.to_string() + " of network " +
                                      options.name + " overlaps " + other.to_string() + " of " +
                                      name);
      }
      seen.emplace_back(options.name, subnet.network);
    }
    pools_.emplace_back(std::move(options));
  };
  add(std::move(common));
  for (auto& [network, options] : networks) {
    places_[network] = pools_.size();
    add(std::move(options));
  }
}

std::size_t Pools::place_of(const std::string& network) const {
  const auto place = places_.find(network);
  return place == places_.end() ? 0 : place->second;
}

AddressPool& Pools::of(const std::string& network) { return pools_[place_of(network)]; }
const AddressPool& Pools::of(const std::string& network) const { return pools_[place_of(network)]; }

AddressPool* Pools::holding(const IpAddress& address) {
  const auto found = std::ranges::find_if(
      pools_, [&](const AddressPool& pool) { return pool.network_of(address).has_value(); });
  return found == pools_.end() ? nullptr : &*found;
}

std::vector<AddressPool::Usage> Pools::usage(AddressPool::Time now) const {
  std::vector<AddressPool::Usage> all;
  for (const auto& pool : pools_) std::ranges::copy(pool.usage(now), std::back_inserter(all));
  return all;
}

}  // namespace paddock::net
