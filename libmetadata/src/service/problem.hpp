// SPDX-License-Identifier: Apache-2.0
//
// Refusals as application/problem+json (RFC 9457), in the form of docs/stream-api.md.
#pragma once

#include <paddock/metadata/codec.hpp>
#include <paddock/metadata/http_server.hpp>

#include <span>
#include <string>
#include <string_view>

namespace paddock::metadata::service {

inline constexpr std::string_view json_type = "application/json";

[[nodiscard]] Response problem(int status, std::string_view detail,
                               std::span<const Problem> errors = {});

// 405, naming what would be allowed: "GET, HEAD".
[[nodiscard]] Response not_allowed(std::string_view allowed);

// 503 with Retry-After.
[[nodiscard]] Response not_ready(std::string_view detail);

}  // namespace paddock::metadata::service
