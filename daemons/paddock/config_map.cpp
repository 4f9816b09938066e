// SPDX-License-Identifier: Apache-2.0
#include "paddock/config_map.hpp"

#include <yaml-cpp/yaml.h>

namespace paddock::cli {

std::optional<std::map<std::string, std::string>> parse_config_map(const std::string& text) {
  try {
    const auto root = YAML::Load(text);
    if (!root.IsMap() || root["kind"].as<std::string>("") != "ConfigMap") return std::nullopt;
    std::map<std::string, std::string> data;
    for (const auto& pair : root["data"]) {
      data[pair.first.as<std::string>()] = pair.second.as<std::string>("");
    }
    return data;
  } catch (const YAML::Exception&) {
    return std::nullopt;
  }
}

}  // namespace paddock::cli
