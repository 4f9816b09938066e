// SPDX-License-Identifier: Apache-2.0
//
// A daemon's YAML file as a flat list of keys, values and lines: docs/configuration.md has the
// rules. Private to the runtime.
#pragma once

#include "runtime/options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace paddock::runtime {

struct ConfigEntry {
  std::string key;
  std::string place;  // FILE:LINE
  bool is_list = false;
  std::vector<std::string> values;  // one, unless is_list
};

// Empty when the file cannot be read or is not a YAML map; `problems` then says why. Entries that
// are neither a value nor a list of values are left out and reported.
[[nodiscard]] std::optional<std::vector<ConfigEntry>> read_config_file(
    const std::string& path, std::vector<OptionProblem>& problems);

}  // namespace paddock::runtime
