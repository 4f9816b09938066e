// SPDX-License-Identifier: Apache-2.0
#include "paddock/daemons.hpp"

#include <paddock/metadata/client.hpp>

#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>

namespace paddock::cli {
namespace {

std::string from_file(const std::string& path) {
  try {
    const auto root = YAML::LoadFile(path);
    if (root.IsMap() && root["admin_listen"]) return root["admin_listen"].as<std::string>();
  } catch (const YAML::Exception&) {
    return "";  // the daemon itself says what is wrong with its file
  }
  return "";
}

}  // namespace

std::string admin_of(std::string_view daemon, const std::string& config_folder) {
  static const std::map<std::string_view, std::string> usual{
      {"metadatad", "127.0.0.1:9761"}, {"dnsd", "127.0.0.1:9762"}, {"netd", "127.0.0.1:9763"}};
  std::string variable = "PADDOCK_" + std::string(daemon) + "_ADMIN_LISTEN";
  std::ranges::transform(variable, variable.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (const char* told = std::getenv(variable.c_str())) return told;
  const auto written = from_file(config_folder + "/" + std::string(daemon) + ".yaml");
  return written.empty() ? usual.at(daemon) : written;
}

std::optional<nlohmann::ordered_json> ask_status(std::string_view daemon,
                                                 const std::string& admin) {
  if (admin == "none") return std::nullopt;
  metadata::Client client("http://" + admin, std::chrono::seconds{2});
  const auto answer = client.get("/status");
  if (!answer || answer->status != 200) return std::nullopt;
  auto status = nlohmann::ordered_json::parse(answer->body, nullptr, false);
  if (!status.is_object() || status.value("daemon", "") != daemon) return std::nullopt;
  return status;
}

}  // namespace paddock::cli
