// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace paddock::metadata::http {

// What a status is called (RFC 9110 section 15): on the status line, and as title of a problem.
[[nodiscard]] std::string_view reason_of(int status) noexcept;

}  // namespace paddock::metadata::http
