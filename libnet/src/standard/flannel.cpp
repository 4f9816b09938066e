// SPDX-License-Identifier: Apache-2.0
#include "standard/flannel.hpp"

#include "cni/document.hpp"
#include "failure.hpp"
#include "standard/small_file.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

namespace paddock::net::standard {
namespace {

using cni::Code;
using cni::Command;
using cni::Json;
using cni::Refusal;

constexpr const char* default_file = "/run/flannel/subnet.env";
constexpr const char* kept_by_default = "/var/lib/cni/flannel";

// flanneld writes KEY=VALUE lines.
std::map<std::string, std::string> variables_in(const std::string& path) {
  std::ifstream file(path);
  if (!file)
    throw Refusal{Code::try_again, "flanneld has not written " + path + " yet",
                  "start flanneld, or name its file in subnetFile"};
  std::map<std::string, std::string> variables;
  for (std::string line; std::getline(file, line);) {
    const auto equal = line.find('=');
    if (equal != std::string::npos) variables[line.substr(0, equal)] = line.substr(equal + 1);
  }
  return variables;
}

std::string network_of(const std::string& subnet, const std::string& name) {
  const auto prefix = Prefix::parse(subnet);
  if (!prefix || subnet.find('/') == std::string::npos)
    throw Refusal{Code::bad_config, "flanneld's " + name + " is no subnet: \"" + subnet + "\"",
                  "look at the file flanneld wrote"};
  return prefix->network().to_string();
}

void require(const std::map<std::string, std::string>& variables, const std::string& path) {
  std::string missing;
  const auto need = [&](const char* name) {
    if (!variables.contains(name)) missing += (missing.empty() ? "" : ", ") + std::string(name);
  };
  const auto need_either = [&](const char* name, const char* other) {
    if (variables.contains(name) || variables.contains(other)) return;
    need(name);
    need(other);
  };
  need_either("FLANNEL_NETWORK", "FLANNEL_IPV6_NETWORK");
  need_either("FLANNEL_SUBNET", "FLANNEL_IPV6_SUBNET");
  need("FLANNEL_MTU");
  need("FLANNEL_IPMASQ");
  if (!missing.empty())
    throw Refusal{Code::bad_config, path + " is missing " + missing,
                  "look at the file flanneld wrote"};
}

Json ipam_for(const Json& config, const std::map<std::string, std::string>& variables) {
  Json ipam = Json::object();
  if (const auto* own = cni::find(config, "ipam")) ipam = cni::object_of(*own, "ipam");
  if (!ipam.contains("type")) ipam["type"] = "host-local";
  if (ipam["type"] != "host-local")
    throw Refusal{Code::unsupported_field,
                  "ipam.type is not supported under flannel: " + ipam["type"].dump(),
                  "leave it out: flannel's subnets are given out as host-local does"};
  auto& ranges = ipam["ranges"] = Json::array();  // none but flanneld's
  auto& routes = ipam["routes"];
  if (!routes.is_array()) routes = Json::array();
  const auto add = [&](const char* subnet, const char* network) {
    const auto found = variables.find(subnet);
    if (found == variables.end() || found->second.empty()) return;
    ranges.push_back(Json::array({{{"subnet", network_of(found->second, subnet)}}}));
    const auto networks = variables.find(network);
    if (networks == variables.end()) return;
    std::istringstream all(networks->second);  // several are separated by commas
    for (std::string each; std::getline(all, each, ',');)
      routes.push_back({{"dst", network_of(each, network)}});
  };
  add("FLANNEL_SUBNET", "FLANNEL_NETWORK");
  add("FLANNEL_IPV6_SUBNET", "FLANNEL_IPV6_NETWORK");
  return ipam;
}

// What the delegate gets: the configuration's delegate, completed.
Json delegate_config(const Json& config) {
  const auto* file = cni::find(config, "subnetFile");
  const auto path =
      file && *file != "" ? cni::text_of(*file, "subnetFile") : std::string(default_file);
  const auto variables = variables_in(path);
  require(variables, path);
  Json delegate = Json::object();
  if (const auto* own = cni::find(config, "delegate")) delegate = cni::object_of(*own, "delegate");
  for (const auto* name : {"name", "ipam"}) {
    if (delegate.contains(name))
      throw Refusal{Code::bad_config, std::string("delegate.") + name + " is set by flannel itself",
                    "take it out of delegate"};
  }
  if (!delegate.contains("type")) delegate["type"] = "bridge";
  if (delegate["type"] != "bridge" && delegate["type"] != "ptp")
    throw Refusal{Code::unsupported_field,
                  "delegate.type is not supported: " + delegate["type"].dump(),
                  "use bridge or ptp"};
  if (!delegate.contains("ipMasq")) delegate["ipMasq"] = variables.at("FLANNEL_IPMASQ") != "true";
  if (!delegate.contains("mtu"))
    delegate["mtu"] = std::strtoul(variables.at("FLANNEL_MTU").c_str(), nullptr, 10);
  if (delegate["type"] == "bridge" && !delegate.contains("isGateway")) delegate["isGateway"] = true;
  delegate["ipam"] = ipam_for(config, variables);
  for (const auto* name : {"cniVersion", "name", "runtimeConfig", "args", "prevResult",
                           "cni.dev/valid-attachments", "cni.dev/attachments"}) {
    if (config.contains(name)) delegate[name] = config[name];
  }
  return delegate;
}

std::filesystem::path note_of(const Json& config, const cni::Request& request) {
  const auto* folder = cni::find(config, "dataDir");
  const bool is_named = folder && *folder != "";
  return std::filesystem::path(is_named ? cni::text_of(*folder, "dataDir") : kept_by_default) /
         request.container;
}

// What ADD delegated, as it was noted then, else as it would be delegated now.
Json noted_config(const Json& config, const cni::Request& request) {
  if (request.command == Command::del) {
    auto noted = Json::parse(content_of(note_of(config, request)), nullptr, false);
    if (noted.is_object()) return noted;
  }
  try {
    return delegate_config(config);
  } catch (const Refusal&) {
    return {{"type", "bridge"}, {"ipam", {{"type", "host-local"}}}};
  }
}

}  // namespace

cni::Expected<std::filesystem::path> flannel_note(const cni::Request& request) {
  return cni::attempt(request.version,
                      [&] { return note_of(cni::parse_object(request.config), request); });
}

Result<void> write_note(const std::filesystem::path& note, const cni::Request& delegate) {
  auto config = Json::parse(delegate.config);
  for (const auto* name : {"args", "prevResult"}) config.erase(name);
  std::error_code failed;
  std::filesystem::create_directories(note.parent_path(), failed);
  return failed ? failure(failed.value(), "make " + note.parent_path().string())
                : write_file(note, config.dump());
}

cni::Expected<cni::Request> flannel_delegate(const cni::Request& request) {
  return cni::attempt(request.version, [&] {
    cni::Request delegated = request;
    const auto config = cni::parse_object(request.config);
    // What was attached is known without the file, which may be gone by now.
    const bool takes_away = request.command == Command::del || request.command == Command::gc;
    const auto delegate = takes_away ? noted_config(config, request) : delegate_config(config);
    delegated.plugin = delegate["type"] == "ptp" ? cni::Plugin::ptp : cni::Plugin::bridge;
    delegated.config = delegate.dump();
    if (const auto* mtu = cni::find(delegate, "mtu"); mtu && *mtu != 0)
      delegated.mtu = cni::number_of(*mtu, "delegate.mtu");
    if (const auto* bridge = cni::find(delegate, "bridge"))
      delegated.bridge = cni::text_of(*bridge, "delegate.bridge");
    return delegated;
  });
}

}  // namespace paddock::net::standard
