// SPDX-License-Identifier: Apache-2.0
#include "standard/ranges.hpp"

#include <algorithm>

namespace paddock::net::standard {
namespace {

using cni::IpRange;

constexpr const char* correct_the_ranges =
    "correct the ranges in ipam, or those of runtimeConfig.ipRanges";

[[noreturn]] void refuse(const std::string& msg) {
  throw cni::Refusal{cni::Code::bad_config, msg, correct_the_ranges};
}

// Where an address of the set comes after in the round, as an index of ranges.
std::size_t position(const RangeSet& set, const IpAddress& address) {
  const auto found =
      std::ranges::find_if(set, [&](const IpRange& range) { return range.contains(address); });
  return static_cast<std::size_t>(found - set.begin());
}

}  // namespace

void check_overlaps(const std::vector<RangeSet>& sets) {
  std::vector<IpRange> seen;
  for (const auto& set : sets) {
    for (const auto& range : set) {
      if (range.first.is_v4() != set.front().first.is_v4())
        refuse("a set of ranges mixes IPv4 and IPv6: " + range.subnet.to_string());
      for (const auto& other : seen) {
        if (other.contains(range.first) || other.contains(range.last) ||
            range.contains(other.first))
          refuse("ranges overlap: " + range.first.to_string() + "-" + range.last.to_string() +
                 " and " + other.first.to_string() + "-" + other.last.to_string());
      }
      seen.push_back(range);
    }
  }
}

bool contains(const RangeSet& set, const IpAddress& address) {
  return position(set, address) < set.size();
}

bool is_gateway(const RangeSet& set, const IpAddress& address) {
  return std::ranges::any_of(set, [&](const IpRange& range) { return range.gateway == address; });
}

std::optional<Choice> choose(const RangeSet& set, const std::optional<IpAddress>& last,
                             const std::function<bool(const IpAddress&)>& is_taken) {
  std::size_t at = last ? position(set, *last) : set.size();
  const bool anew = at == set.size();
  if (anew) at = 0;
  const IpAddress begin = anew ? set[0].first : *last;
  IpAddress candidate = begin;
  bool first_look = anew;
  for (;;) {
    if (!first_look) {
      if (candidate == set[at].last) {
        at = (at + 1) % set.size();
        candidate = set[at].first;
      } else {
        candidate = cni::next(candidate);
      }
    }
    const bool came_round = !first_look && candidate == begin;
    first_look = false;
    if (came_round && anew) return {};
    if (!is_gateway(set, candidate) && !is_taken(candidate)) return Choice{candidate, set[at]};
    if (came_round) return {};
  }
}

}  // namespace paddock::net::standard
