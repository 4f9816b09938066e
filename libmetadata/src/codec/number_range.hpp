// SPDX-License-Identifier: Apache-2.0
//
// Which numbers of a text are numbers to everybody who reads it.
#pragma once

#include <string_view>

namespace paddock::metadata {

// Of a number as JSON writes it: false when it is larger than any double. One that is smaller than
// any is as good as 0.
[[nodiscard]] bool is_within_double(std::string_view number) noexcept;

}  // namespace paddock::metadata
