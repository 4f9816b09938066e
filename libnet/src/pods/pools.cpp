// SPDX-License-Identifier: Apache-2.0
#include "pods/pools.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace paddock::net {

Pools::Pools(PoolOptions common, std::map<std::string, PoolOptions> networks)
    : common_(common.name) {
  const auto take_in = [&](PoolOptions options) {
    for (const auto& subnet : options.subnets) {
      Place place{options.name, subnet.network};
      if (const auto free = check(place); !free) throw std::invalid_argument(free.error().text);
      seen_.push_back(std::move(place));
    }
    pools_.emplace_back(std::move(options));
  };
  take_in(std::move(common));
  for (auto& [network, options] : networks) {
    places_[network] = pools_.size();
    take_in(std::move(options));
  }
}

// Within a pool it is the pool that checks.
Result<void> Pools::check(const Place& place) const {
  for (const auto& other : seen_) {
    const bool overlap =
        other.subnet.contains(place.subnet.address) || place.subnet.contains(other.subnet.address);
    if (overlap && other.pool != place.pool)
      return Error{make_error_code(boost::system::errc::invalid_argument),
                   "subnet " + place.subnet.to_string() + " of network " + place.pool +
                       " overlaps " + other.subnet.to_string() + " of " + other.pool};
  }
  return {};
}

Result<void> Pools::add(const PoolSubnet& subnet) {
  Place place{common_, subnet.network};
  if (auto free = check(place); !free) return free;
  if (auto added = pools_.front().add(subnet); !added) return added;
  const bool is_known = std::ranges::any_of(seen_, [&](const Place& other) {
    return other.pool == place.pool && other.subnet == place.subnet;
  });
  if (!is_known) seen_.push_back(std::move(place));
  return {};
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
