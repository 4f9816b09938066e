// SPDX-License-Identifier: Apache-2.0
//
// By what our things in the kernel are known again after a restart. docs/network.md lists them.
#pragma once

#include <cstdint>
#include <string_view>

namespace paddock::net {

inline constexpr const char* gateway_link = "paddock0";
inline constexpr const char* table_name = "paddock";          // nftables, families inet and bridge
inline constexpr std::string_view alias_prefix = "paddock:";  // of the links of attachments
// Far above those the kernel counts up from one, so that ours never meet them.
inline constexpr std::uint32_t first_pod_index = 0x10000000U;
inline constexpr std::uint8_t route_protocol = 142;
inline constexpr std::uint8_t overlay_protocol = 143;  // routes, neighbours, addresses of overlays
inline constexpr std::uint32_t pod_group = 1420;       // host ends of attached pods
inline constexpr std::uint32_t detached_group = 1421;  // host ends that wait to be deleted together
inline constexpr std::uint32_t gateway_group = 1422;   // paddock0
inline constexpr std::uint32_t bridge_group = 1423;    // bridges of pods
inline constexpr std::uint32_t detour_group = 1424;    // ifb links of pods with a limit
inline constexpr std::uint32_t overlay_group = 1425;   // devices of overlays

// Whether a link of that group is any of these.
constexpr bool is_our_group(std::uint32_t group) {
  return group >= pod_group && group <= overlay_group;
}

}  // namespace paddock::net
