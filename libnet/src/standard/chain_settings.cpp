// SPDX-License-Identifier: Apache-2.0
#include "standard/chain_settings.hpp"

#include "cni/capability.hpp"

#include <nlohmann/json.hpp>
#include <openssl/sha.h>

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

std::string trimmed(const std::string& line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::regex> patterns_in(std::istream& file) {
  std::vector<std::regex> patterns;
  for (std::string line; std::getline(file, line);) {
    try {
      if (line = trimmed(line); !line.empty()) patterns.emplace_back(line);
    } catch (const std::regex_error&) {
      throw Refusal{Code::bad_config, std::string(allow_list) + " has the line \"" + line + "\"",
                    "each has to be a regular expression"};
    }
  }
  return patterns;
}

// A file of regular expressions, one a line, of which one has to be found in the key as it is
// written; without the file everything is allowed.
void check_allowed(const Json& sysctls) {
  std::ifstream file(allow_list);
  if (!file) return;
  const auto allowed = patterns_in(file);
  for (const auto& [key, value] : sysctls.items()) {
    const auto is_found = [&](const std::regex& each) { return std::regex_search(key, each); };
    if (std::ranges::none_of(allowed, is_found))
      throw Refusal{Code::bad_config, "Sysctl " + key + " is not allowed",
                    std::string("allow it in ") + allow_list};
  }
}

std::map<std::string, std::string> sysctls_of(const Json& value, const std::string& ifname) {
  std::map<std::string, std::string> sysctls;
  cni::object_of(value, "sysctl");
  check_allowed(value);
  for (const auto& [key, setting] : value.items()) {
    const auto path = sysctl_path(key, ifname);
    const auto text = cni::text_of(setting, "sysctl." + key);
    if (!sysctls.emplace(path, text).second)
      throw Refusal{Code::bad_config, "sysctl " + key + " is set twice", correct_it};
  }
  return sysctls;
}

// args.cni, or null.
const Json* arguments_of(const Json& config) {
  const auto* args = cni::find(config, "args");
  const auto* arguments = args ? cni::find(cni::object_of(*args, "args"), "cni") : nullptr;
  return arguments ? &cni::object_of(*arguments, "args.cni") : nullptr;
}

// The configuration with what args.cni says in its place.
Json with_arguments(Json config) {
  const auto* found = arguments_of(config);
  if (!found) return config;
  const auto arguments = *found;
  for (const auto* name : {"mac", "mtu", "promisc", "allmulti", "txQLen"}) {
    if (const auto* value = cni::find(arguments, name)) config[name] = *value;
  }
  if (const auto* sysctls = cni::find(arguments, "sysctl")) {
    if (const auto* own = cni::find(config, "sysctl"))
      cni::object_of(*own, "sysctl");
    else
      config["sysctl"] = Json::object();
    config["sysctl"].update(cni::object_of(*sysctls, "args.cni.sysctl"));
  }
  return config;
}

// args.cni.mac counts most, then runtimeConfig.mac, then MAC=, then mac.
std::optional<MacAddress> mac_wanted(const Json& own, const Json& complete,
                                     const cni::Request& request) {
  const auto* arguments = arguments_of(own);
  const bool by_arguments = arguments && cni::find(*arguments, "mac");
  if (request.mac && !by_arguments) return request.mac;
  const auto* text = cni::find(complete, "mac");
  if (!text || *text == "") return {};
  const auto mac = MacAddress::parse(cni::text_of(*text, "mac"));
  if (!mac) throw Refusal{Code::bad_config, "mac is no MAC address", correct_it};
  return mac;
}

}  // namespace

AsHost portmap_settings(const Json& config) {
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
  const bool always = flag(config, "masqAll", false);
  if (!flag(config, "snat", true)) return AsHost::never;
  return always ? AsHost::always : AsHost::when_needed;
}

Bandwidth bandwidth_settings(const Json& config, const cni::Request& request) {
  for (const auto* name : {"shapedSubnets", "unshapedSubnets"})
    refuse_if_given(config, name, "a limit holds for all that a pod sends or receives");
  const auto is_given = [&](const char* name) { return cni::find(config, name) != nullptr; };
  const bool has_own = std::ranges::any_of(
      std::array{"ingressRate", "ingressBurst", "egressRate", "egressBurst"}, is_given);
  return has_own ? cni::bandwidth_of(config, "bandwidth") : request.bandwidth;
}

std::string ifb_name(const std::string& network, const std::string& container) {
  constexpr std::size_t octets = 6;  // twelve digits: with "bwp" as many as a link's name may have
  const auto text = network + container;
  std::array<unsigned char, SHA512_DIGEST_LENGTH> digest{};
  SHA512(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string name = "bwp";
  for (std::size_t i = 0; i < octets; ++i) {
    constexpr char digits[] = "0123456789abcdef";
    name += digits[digest[i] >> 4U];
    name += digits[digest[i] & 15U];
  }
  return name;
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

TuningSettings tuning_settings(const Json& own, const cni::Request& request) {
  const auto config = with_arguments(own);
  TuningSettings settings;
  if (const auto* sysctls = cni::find(config, "sysctl"))
    settings.sysctls = sysctls_of(*sysctls, request.ifname);
  settings.mac = mac_wanted(own, config, request);
  if (const auto* mtu = cni::find(config, "mtu"); mtu && *mtu != 0)
    settings.mtu = cni::number_of(*mtu, "mtu");
  if (const auto* length = cni::find(config, "txQLen"))
    settings.queue_length = cni::number_of(*length, "txQLen");
  if (flag(config, "promisc", false)) settings.is_promiscuous = true;
  if (const auto* all = cni::find(config, "allmulti"); all)
    settings.takes_all_multicast = flag(config, "allmulti", false);
  return settings;
}

}  // namespace paddock::net::standard
