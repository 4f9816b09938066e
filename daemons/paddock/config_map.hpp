// SPDX-License-Identifier: Apache-2.0
//
// A Kubernetes ConfigMap in a file, as `kubectl get configmap -o yaml` writes it.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace paddock::cli {

// Its data; nothing when the text is something else.
[[nodiscard]] std::optional<std::map<std::string, std::string>> parse_config_map(
    const std::string& text);

}  // namespace paddock::cli
