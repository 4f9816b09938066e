// SPDX-License-Identifier: Apache-2.0
//
// What `paddock status` says, as a pure function of what the daemons answered (docs/status.md).
#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace paddock::cli {

struct DaemonAnswer {
  std::string daemon;
  std::string admin;  // where it was asked; none: nowhere
  std::optional<nlohmann::ordered_json> status;
};

// {"well", "daemons": [{"daemon", "state", "summary", …}], "problems": [{"daemon", "severity",
// "text", "remedy"}]}; state is `ready`, `not ready`, `down` or, of one that cannot be asked, `not
// known`. `well` is false when a daemon is down, not ready, or reports an error; warnings alone
// leave it true.
[[nodiscard]] nlohmann::ordered_json status_report(const std::vector<DaemonAnswer>& answers);

// The report in plain words.
[[nodiscard]] std::string status_text(const nlohmann::ordered_json& report);

}  // namespace paddock::cli
