// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace paddock::metadata {

// A UUID that is always the same for the same text (version 8 of RFC 9562).
[[nodiscard]] std::string uuid_from(std::string_view text);

}  // namespace paddock::metadata
