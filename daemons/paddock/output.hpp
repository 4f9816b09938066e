// SPDX-License-Identifier: Apache-2.0
//
// What commands print: tables for people, JSON and YAML for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace paddock::cli {

using Row = std::vector<std::string>;

// Columns aligned on the widest cell, two spaces between; an empty cell is shown as "-".
[[nodiscard]] std::string table(const Row& head, const std::vector<Row>& rows);

// `format` is "json" or "yaml"; ends with a newline.
[[nodiscard]] std::string rendered(const nlohmann::ordered_json& value, std::string_view format);

// "3 s", "5 min", "2 h", "4 d".
[[nodiscard]] std::string span_text(long long seconds);

void print(std::string_view text);

}  // namespace paddock::cli
