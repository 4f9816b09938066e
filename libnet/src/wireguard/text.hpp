// SPDX-License-Identifier: Apache-2.0
//
// The text in which a WireGuard device that a process runs is told and asked: WireGuard's
// cross-platform userspace protocol. Pure.
#pragma once

#include "wireguard/device.hpp"

#include <paddock/net/error.hpp>

#include <string>
#include <string_view>

namespace paddock::net::wireguard {

inline constexpr std::string_view question = "get=1\n\n";

std::string format_change(const Change& change);

// The answer to either; without values when it was a change. The error is the process' own errno,
// or invalid_argument for what is no answer.
Result<Configuration> parse_answer(std::string_view text);

}  // namespace paddock::net::wireguard
