// SPDX-License-Identifier: Apache-2.0
//
// One line of the audit log (docs/stream-api.md) as a row of a table. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace paddock::cli {

// Time, revision, what, object, who.
[[nodiscard]] std::vector<std::string> audit_row(const nlohmann::ordered_json& entry);

}  // namespace paddock::cli
