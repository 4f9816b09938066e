// SPDX-License-Identifier: Apache-2.0
//
// The ranges of addresses in the configuration of host-local, and the order in which it gives them
// out: pure. A set of ranges gives one address.
#pragma once

#include "cni/ip_ranges.hpp"

#include <paddock/net/address.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net::standard {

using RangeSet = std::vector<cni::IpRange>;

// Refuses families mixed in a set, and sets or ranges that overlap.
void check_overlaps(const std::vector<RangeSet>& sets);

bool contains(const RangeSet& set, const IpAddress& address);
bool is_gateway(const RangeSet& set, const IpAddress& address);

// The first address after `last` that is not taken, going round the ranges of the set; absent when
// all are taken. Without `last`, or one of no range: from the beginning.
struct Choice {
  IpAddress address;
  cni::IpRange range;
};
std::optional<Choice> choose(const RangeSet& set, const std::optional<IpAddress>& last,
                             const std::function<bool(const IpAddress&)>& is_taken);

}  // namespace paddock::net::standard
