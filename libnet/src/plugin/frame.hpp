// SPDX-License-Identifier: Apache-2.0
//
// The bytes between plugin and daemon, and of a spooled call: docs/plugin-protocol.md.
#pragma once

#include <paddock/net/plugin_server.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::net {

inline constexpr std::string_view frame_magic = "PADDOCK1";
inline constexpr std::size_t frame_header_size = 16;
inline constexpr std::uint32_t longest_part = 1 << 20;

// The lengths a header announces; absent when it is no header, or a part is too long.
struct FrameLengths {
  std::uint32_t environment = 0;
  std::uint32_t input = 0;
};
std::optional<FrameLengths> parse_frame_header(std::string_view header);

// What follows the header; `body` is as long as the header says. The call has no descriptors yet.
PluginCall parse_frame_body(std::string_view body, const FrameLengths& lengths);

std::string format_answer(const PluginAnswer& answer);

}  // namespace paddock::net
