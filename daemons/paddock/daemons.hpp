// SPDX-License-Identifier: Apache-2.0
//
// The three daemons as the tool sees them: where each serves its status, and what it says there.
#pragma once

#include <nlohmann/json.hpp>
#include <sys/types.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::cli {

// In the order in which they are started.
inline constexpr std::array<std::string_view, 3> daemon_names{"metadatad", "dnsd", "netd"};

// The admin address a daemon was told: its environment variable, its file in `config_folder`, or
// its usual one.
[[nodiscard]] std::string admin_of(std::string_view daemon, const std::string& config_folder);

// The answer of /status; nothing when nobody answers at `admin`, or somebody else does.
[[nodiscard]] std::optional<nlohmann::ordered_json> ask_status(std::string_view daemon,
                                                               const std::string& admin);

}  // namespace paddock::cli
