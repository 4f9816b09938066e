// SPDX-License-Identifier: Apache-2.0
//
// Entity tags and the conditions made of them (RFC 9110 sections 8.8.3 and 13.1).
#pragma once

#include <string>
#include <string_view>

namespace paddock::metadata::service {

// "\"7\""
template <class Number>
[[nodiscard]] std::string quoted(Number revision) {
  return '"' + std::to_string(revision) + '"';
}

enum class Comparison { strong, weak };

// Whether `tag` (with its quotes) is in a list as of If-Match and If-None-Match: `"1", W/"2"`, or
// the list is "*". A weak tag never equals in a strong comparison.
[[nodiscard]] bool lists_tag(std::string_view list, std::string_view tag, Comparison comparison);

}  // namespace paddock::metadata::service
