// SPDX-License-Identifier: Apache-2.0
//
// A command's words and flags out of argv.
#pragma once

#include "paddock/command.hpp"

#include <string>
#include <vector>

namespace paddock::cli {

// Throws Failure(exit_usage) that names the nearest flag or what is missing. `--help` is always a
// flag.
[[nodiscard]] Arguments parse_arguments(const Command& command,
                                        const std::vector<std::string>& arguments);

[[nodiscard]] std::string help_of(const Command& command);
[[nodiscard]] std::string help_of_all();
// troff for man(7), section 1.
[[nodiscard]] std::string manual_of_all();

}  // namespace paddock::cli
