// SPDX-License-Identifier: Apache-2.0
//
// Files read line by line.
#pragma once

#include <paddock/dns/error.hpp>

#include <functional>
#include <string>

namespace paddock::dnsd {

// Takes what a line says; fails with a sentence about it.
using TakeLine = std::function<dns::Result<void>(const std::string& line)>;

// Fails with a sentence that names the file, and the line that was not taken.
[[nodiscard]] dns::Result<void> read_lines(const std::string& path, const TakeLine& take);

}  // namespace paddock::dnsd
