// SPDX-License-Identifier: Apache-2.0
//
// The ranges of addresses in the configuration of host-local, and the order in which it gives them
// out: pure. A set of ranges gives one address.
#pragma once

#include "cni/document.hpp"

#include <paddock/net/address.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net::standard {

// first to last, both included, without the gateway.
struct Range {
  Prefix subnet;  // without host bits
  IpAddress first;
  IpAddress last;
  IpAddress gateway;

  bool contains(const IpAddress& address) const;
};

using RangeSet = std::vector<Range>;

// [[{subnet, rangeStart, rangeEnd, gateway}]]. Refuses what host-local refuses: host bits, subnets
// too small for two pods, ranges outside, families mixed in a set, sets or ranges that overlap.
std::vector<RangeSet> range_sets_of(const cni::Json& value, const std::string& path);
// One of these objects.
Range range_of(const cni::Json& value, const std::string& path);
void check_overlaps(const std::vector<RangeSet>& sets);

bool contains(const RangeSet& set, const IpAddress& address);
bool is_gateway(const RangeSet& set, const IpAddress& address);

// The first address after `last` that is not taken, going round the ranges of the set; absent when
// all are taken. Without `last`, or one of no range: from the beginning.
struct Choice {
  IpAddress address;
  Range range;
};
std::optional<Choice> choose(const RangeSet& set, const std::optional<IpAddress>& last,
                             const std::function<bool(const IpAddress&)>& is_taken);

}  // namespace paddock::net::standard
