// SPDX-License-Identifier: Apache-2.0
#include "ipam/pool_subnet.hpp"

#include <paddock/net/subnet_pool.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace paddock::net {
namespace {

using ipam::Number;
using ipam::to_address;
using ipam::to_number;

unsigned width_of(const Prefix& prefix) { return prefix.address.is_v4() ? 32 : 128; }

Number last_number(const Prefix& prefix) {
  const Number first = to_number(prefix.network().address);
  if (prefix.length == 0) return ~Number{0} >> (128 - width_of(prefix));
  return first + ((Number{1} << (width_of(prefix) - prefix.length)) - 1);
}

using Hole = std::pair<Number, Number>;  // first and last

// Of the family, in order and apart from one another.
std::vector<Hole> holes_of(std::span<const Prefix> taken, bool v4) {
  std::vector<Hole> holes;
  for (const auto& prefix : taken) {
    if (prefix.address.is_v4() == v4)
      holes.emplace_back(to_number(prefix.network().address), last_number(prefix));
  }
  std::ranges::sort(holes);
  std::vector<Hole> apart;
  for (const auto& hole : holes) {
    if (!apart.empty() && hole.first <= apart.back().second)
      apart.back().second = std::max(apart.back().second, hole.second);
    else
      apart.push_back(hole);
  }
  return apart;
}

Error refusal(std::string text) {
  return {make_error_code(boost::system::errc::invalid_argument), std::move(text)};
}

}  // namespace

Result<SubnetPool> SubnetPool::make(const Prefix& network, unsigned length) {
  const auto whole = network.network();
  const unsigned shortest = std::max(1U, whole.length);
  if (length < shortest)
    return refusal("a subnet of /" + std::to_string(length) + " is larger than the network " +
                   whole.to_string() + ": use /" + std::to_string(shortest) + " or longer");
  if (length + 2 > width_of(whole))
    return refusal("a subnet of /" + std::to_string(length) + " is too small for pods: use /" +
                   std::to_string(width_of(whole) - 2) + " or shorter");
  const Number size = Number{1} << (width_of(whole) - length);
  return SubnetPool{whole, length, whole.address,
                    to_address(last_number(whole) - (size - 1), whole.address.is_v4())};
}

bool SubnetPool::contains(const Prefix& subnet) const {
  return subnet.address.is_v4() == network.address.is_v4() && subnet.length == length &&
         subnet == subnet.network() && first <= subnet.address && subnet.address <= last;
}

std::optional<std::uint64_t> SubnetPool::index_of(const Prefix& subnet) const {
  if (!contains(subnet)) return {};
  const Number away = to_number(subnet.address) - to_number(first);
  return static_cast<std::uint64_t>(away >> (width_of(network) - length));
}

std::optional<Prefix> SubnetPool::at(std::uint64_t index) const {
  const Number front = to_number(first);
  const Number count = ((to_number(last) - front) >> (width_of(network) - length)) + 1;
  if (index >= count) return {};
  const Number away = Number{index} << (width_of(network) - length);
  return Prefix{to_address(front + away, network.address.is_v4()), length};
}

std::vector<Prefix> SubnetPool::free(std::span<const Prefix> taken, std::size_t most,
                                     const std::optional<IpAddress>& from) const {
  const bool v4 = network.address.is_v4();
  const Number size = Number{1} << (width_of(network) - length);
  const Number front = to_number(first);
  const Number back = to_number(last);
  const auto holes = holes_of(taken, v4);
  std::vector<Prefix> found;
  // All free subnets that begin in [begin, end].
  const auto collect = [&](Number begin, Number end) {
    auto hole = std::ranges::lower_bound(holes, begin, {}, &Hole::second);
    for (Number at = begin; at <= end && found.size() < most;) {
      if (hole == holes.end() || at + (size - 1) < hole->first) {
        found.push_back({to_address(at, v4), length});
      } else if (hole->second >= end) {
        return;
      } else {
        at = hole->second - hole->second % size;  // what lies in between is taken, too
        ++hole;
      }
      if (end - at < size) return;
      at += size;
    }
  };
  Number start = front;
  if (from && from->is_v4() == v4) {
    const Number wanted = to_number(*from);
    if (wanted > front && wanted <= back) start = wanted - wanted % size;
    start = std::max(start, front);
  }
  collect(start, back);
  if (start > front) collect(front, start - size);
  return found;
}

}  // namespace paddock::net
