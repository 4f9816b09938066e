// SPDX-License-Identifier: Apache-2.0
#include "netd/subnet_registry.hpp"

namespace paddock::netd {
namespace {

bool halves_overlap(const std::optional<net::Prefix>& left,
                    const std::optional<net::Prefix>& right) {
  return left && right && overlap(*left, *right);
}

}  // namespace

bool overlap(const net::Prefix& left, const net::Prefix& right) {
  return left.contains(right.address) || right.contains(left.address);
}

std::vector<net::Prefix> prefixes(const Subnets& subnets) {
  std::vector<net::Prefix> all;
  if (subnets.v4) all.push_back(*subnets.v4);
  if (subnets.v6) all.push_back(*subnets.v6);
  return all;
}

bool overlap(const Subnets& left, const Subnets& right) {
  return halves_overlap(left.v4, right.v4) || halves_overlap(left.v6, right.v6);
}

std::string to_text(const Subnets& subnets) {
  std::string text;
  for (const auto& subnet : prefixes(subnets))
    text += (text.empty() ? "" : " and ") + subnet.to_string();
  return text;
}

}  // namespace paddock::netd
