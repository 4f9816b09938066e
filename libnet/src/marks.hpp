// SPDX-License-Identifier: Apache-2.0
//
// By what our things in the kernel are known again after a restart. docs/network.md lists them.
#pragma once

#include <cstdint>

namespace paddock::net {

constexpr const char* kHostLink = "paddock0";
constexpr const char* kTable = "paddock";  // nftables, family inet
constexpr std::uint8_t kRouteProtocol = 142;
constexpr std::uint32_t kPodGroup = 1420;       // host ends of attached pods
constexpr std::uint32_t kDetachedGroup = 1421;  // host ends that wait to be deleted together
constexpr std::uint32_t kHostGroup = 1422;      // paddock0

}  // namespace paddock::net
