// SPDX-License-Identifier: Apache-2.0
//
// Which texts may be names (RFC 1123, RFC 1035 section 2.3.4).
#pragma once

#include <string_view>

namespace paddock::metadata {

// a-z 0-9 and inner hyphens, 1 to 63.
[[nodiscard]] bool is_label(std::string_view text) noexcept;
// Labels with dots between them, at most 253.
[[nodiscard]] bool is_dotted_name(std::string_view text) noexcept;
// A name of the outside: upper case, underscores and a final dot too.
[[nodiscard]] bool is_dns_name(std::string_view text) noexcept;

}  // namespace paddock::metadata
