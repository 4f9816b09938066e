// SPDX-License-Identifier: Apache-2.0
#include "cni/plugin.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace paddock::net::cni {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 10> names = {"paddock",    "bridge",   "ptp",     "flannel",
                                                    "host-local", "loopback", "portmap", "firewall",
                                                    "tuning",     "bandwidth"};

}  // namespace

std::string_view name_of(Plugin plugin) { return names.at(static_cast<std::size_t>(plugin)); }

Plugin plugin_of(const Environment& environment, const Json& config) {
  const auto named = [](std::string_view name) -> std::optional<Plugin> {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return {};
    return static_cast<Plugin>(found - names.begin());
  };
  if (const auto run_as = environment.find("PADDOCK_PLUGIN"); run_as != environment.end()) {
    if (const auto plugin = named(run_as->second); plugin && *plugin != Plugin::paddock)
      return *plugin;
  }
  const auto* type = find(config, "type");
  return type && type->is_string()
             ? named(type->get_ref<const std::string&>()).value_or(Plugin::paddock)
             : Plugin::paddock;
}

std::string delegate_of(const Json& config, const Request& request) {
  if (request.plugin != Plugin::bridge && request.plugin != Plugin::ptp) return {};
  const auto* ipam = find(config, "ipam");
  const auto* type = ipam && ipam->is_object() ? find(*ipam, "type") : nullptr;
  if (!type) return {};
  const auto name = text_of(*type, "ipam.type");
  return name == "host-local" || name == "paddock" ? std::string() : name;
}

}  // namespace paddock::net::cni
