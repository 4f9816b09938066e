// SPDX-License-Identifier: Apache-2.0
//
// Options that are a small language of their own.
#pragma once

#include <paddock/dns/name.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace paddock::dnsd {

// ZONE=TIME, up to an hour.
std::optional<std::pair<dns::Name, std::chrono::seconds>> parse_zone_ttl(const std::string& text);

// Of the list of stub zones: whether the text begins one, instead of naming one more of its
// resolvers.
bool is_zone_begun(const std::string& text);

}  // namespace paddock::dnsd
