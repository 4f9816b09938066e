// SPDX-License-Identifier: Apache-2.0
#include "standard/chain_settings.hpp"

#include "cni/capability.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <regex>
#include <vector>

namespace paddock::net::standard {
namespace {

using cni::Code;
using cni::Json;
using cni::Refusal;

constexpr const char* correct_it = "correct the network configuration";
constexpr const char* allow_list = "/etc/cni/tuning/allowlist.conf";
constexpr std::uint32_t highest_mark_bit = 31;

bool flag(const Json& config, const char* name, bool otherwise) {
  const auto* found = cni::find(config, name);
  if (!found) return otherwise;
  if (!found->is_boolean())
    throw Refusal{Code::bad_config, std::string(name) + " must be true or false", correct_it};
  return found->get<bool>();
}

void refuse_if_given(const Json& config, const char* name, const char* why) {
  const auto* found = cni::find(config, name);
  if (found && !found->empty())
    throw Refusal{Code::unsupported_field, std::string(name) + " is not supported: " + why,
                  std::string("take ") + name + " out of the configuration"};
}

// "net.ipv4.conf.IFNAME.arp_filter" or with slashes; an interface's name may have dots of its own.
std::string sysctl_path(std::string key, const std::string& ifname) {
  if (key.find('/') == std::string::npos) std::ranges::replace(key, '.', '/');
  if (!key.starts_with("net/") || key.find("..") != std::string::npos)
    throw Refusal{Code::bad_config, "sysctl " + key + " is not below net/", correct_it};
  static constexpr std::string_view placeholder = "IFNAME";
  if (const auto at = key.find(placeholder); at != std::string::npos)
    key.replace(at, placeholder.size(), ifname);
  return key;
}

// A file of regular expressions, one a line; without the file everything is allowed.
void check_allowed(const std::map<std::string, std::string>& sysctls) {
  std::ifstream file(allow_list);
  if (!file) return;
  std::vector<std::regex> allowed;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) allowed.emplace_back(line);
  }
  for (const auto& [path, value] : sysctls) {
    auto dotted = path;
    std::ranges::replace(dotted, '/', '.');
    if (std::ranges::none_of(allowed, [&](const std::regex& each) {
          return std::regex_match(path, each) || std::regex_match(dotted, each);
        }))
      throw Refusal{Code::bad_config, "sysctl " + path + " is not allowed here",
                    std::string("allow it in ") + allow_list};
  }
}

std::map<std::string, std::string> sysctls_of(const Json& value, const std::string& ifname) {
  std::map<std::string, std::string> sysctls;
  cni::object_of(value, "sysctl");
  for (const auto& [key, setting] : value.items()) {
    const auto path = sysctl_path(key, ifname);
    const auto text = cni::text_of(setting, "sysctl." + key);
    if (!sysctls.emplace(path, text).second)
      throw Refusal{Code::bad_config, "sysctl " + key + " is set twice", correct_it};
  }
  return sysctls;
}

}  // namespace

void check_portmap(const Json& config) {
  const auto* runtime = cni::find(config, "runtimeConfig");
  const auto* mappings = runtime ? cni::find(*runtime, "portMappings") : nullptr;
  for (const auto& mapping : mappings ? *mappings : Json::array()) {
    if (const auto* port = cni::find(mapping, "hostPort"); !port || *port == 0)
      throw Refusal{Code::bad_config, "runtimeConfig.portMappings[].hostPort must be 1 to 65535",
                    "leave out what is not mapped"};
  }
  refuse_if_given(config, "conditionsV4", "rules of iptables mean nothing to nftables");
  refuse_if_given(config, "conditionsV6", "rules of iptables mean nothing to nftables");
  const auto* bit = cni::find(config, "markMasqBit");
  const auto* chain = cni::find(config, "externalSetMarkChain");
  if (bit && chain)
    throw Refusal{Code::bad_config, "markMasqBit and externalSetMarkChain exclude one another",
                  correct_it};
  if (bit && cni::number_of(*bit, "markMasqBit") > highest_mark_bit)
    throw Refusal{Code::bad_config, "markMasqBit must be 0 to 31", correct_it};
  if (!flag(config, "snat", true))
    throw Refusal{Code::unsupported_field, "snat is not supported as false",
                  "leave it true: answers have to come back over the host"};
  if (flag(config, "masqAll", false))
    throw Refusal{Code::unsupported_field, "masqAll is not supported",
                  "leave it false: pods see who asks"};
}

Bandwidth bandwidth_settings(const Json& config, const cni::Request& request) {
  const auto is_given = [&](const char* name) { return cni::find(config, name) != nullptr; };
  const bool has_own = std::ranges::any_of(
      std::array{"ingressRate", "ingressBurst", "egressRate", "egressBurst"}, is_given);
  return has_own ? cni::bandwidth_of(config, "bandwidth") : request.bandwidth;
}

Ingress firewall_settings(const Json& config) {
  const auto* policy = cni::find(config, "ingressPolicy");
  if (!policy || *policy == "" || *policy == "open") return Ingress::open;
  if (*policy == "same-bridge") return Ingress::same_bridge;
  if (*policy == "isolated") return Ingress::isolated;
  throw Refusal{Code::bad_config,
                "ingressPolicy must be open, same-bridge or isolated, not " + policy->dump(),
                correct_it};
}

TuningSettings tuning_settings(const Json& config, const cni::Request& request) {
  TuningSettings settings;
  if (const auto* sysctls = cni::find(config, "sysctl"))
    settings.sysctls = sysctls_of(*sysctls, request.ifname);
  check_allowed(settings.sysctls);
  settings.mac = request.mac;
  if (const auto* mac = cni::find(config, "mac"); mac && *mac != "" && !settings.mac) {
    settings.mac = MacAddress::parse(cni::text_of(*mac, "mac"));
    if (!settings.mac) throw Refusal{Code::bad_config, "mac is no MAC address", correct_it};
  }
  settings.mtu = request.mtu;
  if (const auto* length = cni::find(config, "txQLen"))
    settings.queue_length = cni::number_of(*length, "txQLen");
  if (flag(config, "promisc", false)) settings.is_promiscuous = true;
  if (const auto* all = cni::find(config, "allmulti"); all)
    settings.takes_all_multicast = flag(config, "allmulti", false);
  return settings;
}

}  // namespace paddock::net::standard
