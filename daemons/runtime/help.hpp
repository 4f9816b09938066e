// SPDX-License-Identifier: Apache-2.0
//
// An option table written out for people: --help, the manual page, the sample configuration.
// Private to the runtime.
#pragma once

#include "runtime/options.hpp"

#include <string>

namespace paddock::runtime {

[[nodiscard]] std::string help_text(const OptionTable& table);
// troff for man(7), section 8.
[[nodiscard]] std::string manual_page(const OptionTable& table);
// YAML with every key commented out at its default, so that the file changes nothing as it stands.
[[nodiscard]] std::string sample_config(const OptionTable& table);

}  // namespace paddock::runtime
