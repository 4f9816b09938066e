// SPDX-License-Identifier: Apache-2.0
//
// Ranges of addresses as runtimes (the capability ipRanges) and configurations of host-local write
// them.
#pragma once

#include "cni/document.hpp"

#include <vector>

namespace paddock::net::cni {

// [[{subnet, rangeStart, rangeEnd, gateway}]]. Refuses host bits, subnets too small for two pods,
// and what lies outside of its subnet.
std::vector<std::vector<IpRange>> ip_range_sets_of(const Json& value, const std::string& path);
// One of these objects.
IpRange ip_range_of(const Json& value, const std::string& path);

// The address after it.
IpAddress next(const IpAddress& address);

}  // namespace paddock::net::cni
