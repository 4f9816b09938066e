// SPDX-License-Identifier: Apache-2.0
//
// The configuration on stdin, and the order of all checks: environment, JSON, version, name, then
// what the command in question needs.
#include "cni/capability.hpp"
#include "cni/environment.hpp"
#include "cni/ip_ranges.hpp"
#include "cni/plugin.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace paddock::net::cni {
namespace {

constexpr const char* correct_it = "correct the network configuration";
constexpr std::uint32_t least_mtu = 68;  // RFC 791
constexpr std::uint32_t largest_mtu = 65535;

std::string join(std::span<const std::string_view> texts) {
  std::string result;
  for (const auto text : texts) result += (result.empty() ? "" : ", ") + std::string(text);
  return result;
}

std::string version_of(const Json& config) {
  const auto* found = find(config, "cniVersion");
  if (!found) return "0.1.0";
  if (!found->is_string())
    throw Refusal{Code::undecodable, "cniVersion must be a text", correct_it};
  const auto version = found->get<std::string>();
  return version.empty() ? "0.1.0" : version;
}

bool is_version(const std::string& text) {
  return std::ranges::count(text, '.') == 2 && !text.starts_with('.') &&
         text.find_first_not_of("0123456789.") == std::string::npos;
}

void check_version(const Request& request) {
  // What exists since some version has to be compared with it, the rest only to be found.
  const bool compares = request.command != Command::add && request.command != Command::del;
  if (compares && !is_version(request.version))
    throw Refusal{Code::undecodable, "cniVersion \"" + request.version + "\" is not a version",
                  correct_it};
  if (!is_supported(request.version))
    throw Refusal{
        Code::incompatible_version, "incompatible CNI versions",
        "config is \"" + request.version + "\", plugin supports " + join(supported_versions())};
  const auto need = [&](std::string_view least, const char* command) {
    if (compare_versions(request.version, least) < 0)
      throw Refusal{Code::incompatible_version,
                    std::string("config version does not allow ") + command,
                    "config is \"" + request.version + "\", " + command + " exists since " +
                        std::string(least)};
  };
  if (request.command == Command::check) need("0.4.0", "CHECK");
  if (request.command == Command::gc) need("1.1.0", "GC");
  if (request.command == Command::status) need("1.1.0", "STATUS");
}

// Refuses a field we would have to obey and cannot.
void refuse_if_set(const Json& object, const char* name, const std::string& path) {
  const auto* found = find(object, name);
  if (!found || found->empty()) return;
  if (found->is_string() && found->get_ref<const std::string&>().empty()) return;
  throw Refusal{Code::unsupported_field, path + " is not supported: " + found->dump(-1, ' ', true),
                "take " + path + " out of the configuration, or out of the plugin's capabilities"};
}

// Whoever speaks last counts; for standard plugins, all that is asked for.
void read_addresses(const Json& list, const std::string& path, Request& request) {
  std::vector<IpAddress> read;
  if (request.plugin != Plugin::paddock) read = request.addresses;
  for (const auto& text : texts_of(list, path)) {
    const auto address = address_of(text.substr(0, text.find('/')), path + "[]");
    if (std::ranges::find(read, address) == read.end()) read.push_back(address);
  }
  if (!read.empty()) request.addresses = std::move(read);
}

MacAddress mac_of(const Json& value, const std::string& path) {
  const auto text = text_of(value, path);
  const auto mac = MacAddress::parse(text);
  if (!mac || (mac->octets[0] & 1) != 0)
    throw Refusal{Code::bad_config, path + " must be a unicast MAC address, not \"" + text + "\"",
                  correct_it};
  return *mac;
}

// Labels come as [{"key", "value"}], as the conventions have it, or as an object.
void read_labels(const Json& labels, Request& request) {
  const std::string path = "args.cni.labels";
  if (labels.is_object()) {
    for (const auto& [key, value] : labels.items())
      request.labels[key] = text_of(value, path + "." + key);
    return;
  }
  for (const auto& item : array_of(labels, path)) {
    object_of(item, path + "[]");
    const auto* key = find(item, "key");
    const auto* value = find(item, "value");
    if (key)
      request.labels[text_of(*key, path + "[].key")] =
          value ? text_of(*value, path + "[].value") : std::string();
  }
}

void read_config_arguments(const Json& config, Request& request) {
  const auto* args = find(config, "args");
  const auto* cni = args ? find(object_of(*args, "args"), "cni") : nullptr;
  if (!cni) return;
  object_of(*cni, "args.cni");
  if (const auto* ips = find(*cni, "ips")) read_addresses(*ips, "args.cni.ips", request);
  if (const auto* mac = find(*cni, "mac")) request.mac = mac_of(*mac, "args.cni.mac");
  if (const auto* labels = find(*cni, "labels")) read_labels(*labels, request);
}

// The dnsname convention is a list, podman's an object by network.
void read_aliases(const Json& aliases, Request& request) {
  const std::string path = "runtimeConfig.aliases";
  if (aliases.is_array()) {
    request.aliases = texts_of(aliases, path);
    return;
  }
  const auto found = object_of(aliases, path).find(request.network);
  if (found != aliases.end()) request.aliases = texts_of(*found, path + "." + request.network);
}

// host-local gives an address of each set; we give one of each family.
void read_ranges(const Json& sets, Request& request) {
  for (const auto& set : ip_range_sets_of(sets, "runtimeConfig.ipRanges"))
    request.ranges.insert(request.ranges.end(), set.begin(), set.end());
}

void read_runtime_config(const Json& config, Request& request) {
  const auto* runtime = find(config, "runtimeConfig");
  if (!runtime) return;
  object_of(*runtime, "runtimeConfig");
  if (request.plugin == Plugin::paddock) {
    for (const auto* name : {"deviceID", "infinibandGUID"})
      refuse_if_set(*runtime, name, std::string("runtimeConfig.") + name);
  }
  const bool has_pools =  // host-local reads its ranges by itself
      request.plugin == Plugin::paddock || request.plugin == Plugin::bridge ||
      request.plugin == Plugin::ptp;
  if (const auto* sets = find(*runtime, "ipRanges"); sets && has_pools) read_ranges(*sets, request);
  if (const auto* ports = find(*runtime, "portMappings"))
    request.ports = ports_of(*ports, "runtimeConfig.portMappings");
  if (const auto* bandwidth = find(*runtime, "bandwidth"))
    request.bandwidth = bandwidth_of(*bandwidth, "runtimeConfig.bandwidth");
  if (const auto* ips = find(*runtime, "ips")) read_addresses(*ips, "runtimeConfig.ips", request);
  if (const auto* mac = find(*runtime, "mac"); mac && *mac != "")
    request.mac = mac_of(*mac, "runtimeConfig.mac");
  if (const auto* aliases = find(*runtime, "aliases")) read_aliases(*aliases, request);
  const auto* dns = find(*runtime, "dns");
  if (!dns) return;
  object_of(*dns, "runtimeConfig.dns");
  const auto take = [&](const char* name, std::vector<std::string>& into) {
    if (const auto* found = find(*dns, name); found && !found->empty())
      into = texts_of(*found, std::string("runtimeConfig.dns.") + name);
  };
  take("servers", request.dns.nameservers);
  take("searches", request.dns.search);
  take("options", request.dns.options);
}

void check_addresses(const Request& request) {
  if (request.plugin != Plugin::paddock) return;  // host-local has a set of ranges for each
  for (const bool v4 : {true, false}) {
    if (std::ranges::count(request.addresses, v4, &IpAddress::is_v4) > 1)
      throw Refusal{Code::bad_config, "more than one address of a family was asked for",
                    "ask for at most one IPv4 and one IPv6 address"};
  }
}

void read_plugin_keys(const Json& config, Request& request) {
  if (const auto* ipam = find(config, "ipam"); ipam && request.plugin == Plugin::paddock) {
    const auto* type = find(object_of(*ipam, "ipam"), "type");
    if (type && *type != "" && *type != "paddock")
      throw Refusal{Code::unsupported_field,
                    "ipam.type is not supported: " + type->dump(-1, ' ', true),
                    "leave ipam out: addresses come from paddock-netd's subnet"};
  }
  if (const auto* dns = find(config, "dns")) request.dns = dns_of(*dns, "dns");
  if (const auto* sticky = find(config, "stickyAddresses")) {
    if (!sticky->is_boolean())
      throw Refusal{Code::bad_config, "stickyAddresses must be true or false", correct_it};
    request.is_sticky = sticky->get<bool>();
  }
  if (const auto* path = find(config, "dataPath"); path && *path != "") {
    if (*path != "routed" && *path != "bridge")
      throw Refusal{Code::bad_config, "dataPath must be routed or bridge", correct_it};
    request.data_path = *path == "bridge" ? DataPath::bridge : DataPath::routed;
  }
  if (const auto* bridge = find(config, "bridge")) request.bridge = text_of(*bridge, "bridge");
  if (const auto* mtu = find(config, "mtu"); mtu && *mtu != 0) {
    request.mtu = number_of(*mtu, "mtu");
    if (*request.mtu < least_mtu || *request.mtu > largest_mtu)
      throw Refusal{Code::bad_config, "mtu must be 68 to 65535", correct_it};
  }
}

void read_previous(const Json& config, Request& request) {
  const auto* previous = find(config, "prevResult");
  if (!previous) return;
  std::string version = request.version;
  if (const auto* own = find(object_of(*previous, "prevResult"), "cniVersion"); own && *own != "")
    version = text_of(*own, "prevResult.cniVersion");
  if (!is_supported(version))
    throw Refusal{Code::incompatible_version, "prevResult is of an unsupported version " + version,
                  "supported are " + join(supported_versions())};
  request.previous = result_of(*previous, version, "prevResult");
}

// libcni sends the list under the right and under a historical wrong key.
void read_valid_attachments(const Json& config, Request& request) {
  const auto* list = find(config, "cni.dev/valid-attachments");
  if (!list) list = find(config, "cni.dev/attachments");
  if (!list)
    throw Refusal{Code::bad_config, "cni.dev/valid-attachments is missing",
                  "without it every attachment would be removed; an empty list says so on purpose"};
  auto& valid = request.valid.emplace();
  for (const auto& item : array_of(*list, "cni.dev/valid-attachments")) {
    object_of(item, "cni.dev/valid-attachments[]");
    const auto* container = find(item, "containerID");
    const auto* ifname = find(item, "ifname");
    if (!container || !ifname)
      throw Refusal{Code::bad_config,
                    "an entry of cni.dev/valid-attachments lacks containerID or ifname",
                    "nothing was removed"};
    valid.push_back({text_of(*container, "containerID"), text_of(*ifname, "ifname")});
  }
}

// What the standard plugins have in addition is read by those who act on it.
void read_plugin(const Environment& environment, std::string_view text, const Json& config,
                 Request& request) {
  request.plugin = plugin_of(environment, config);
  if (request.plugin == Plugin::paddock) return;
  if (request.plugin == Plugin::tuning && request.command == Command::add)
    check_unrepeated(text, "sysctl");
  request.config = config.dump();
  request.delegate = delegate_of(config, request);
  if (const auto found = environment.find("PADDOCK_DELEGATED"); found != environment.end())
    request.delegated = found->second;
}

void read_config(const Json& config, Request& request) {
  const auto* name = find(config, "name");
  request.network = name ? text_of(*name, "name") : std::string();
  if (!is_name(request.network))
    throw Refusal{Code::bad_config,
                  request.network.empty() ? "missing network name"
                                          : "invalid characters found in network name",
                  "name is \"" + request.network +
                      "\": a letter or digit, then letters, digits, _ . -, at most 200 bytes"};
  if (request.command == Command::gc) read_valid_attachments(config, request);
  if (request.command != Command::add && request.command != Command::check) return;
  read_plugin_keys(config, request);
  read_config_arguments(config, request);
  read_runtime_config(config, request);
  read_previous(config, request);
  check_addresses(request);
  if (request.command == Command::check && !request.previous)
    throw Refusal{Code::bad_config, "CHECK needs prevResult", "the runtime keeps it from ADD"};
}

}  // namespace

Expected<Request> parse(const Environment& environment, std::string_view config) {
  Request request;
  request.version = newest_version;
  try {
    read_environment(environment, request);
    if (request.command == Command::version) return request;
    const auto document = parse_object(config);
    const auto version = version_of(document);
    if (is_supported(version)) request.version = version;
    Request asked = std::move(request);
    request.version = asked.version;  // for the answer to a refusal
    asked.version = version;
    check_version(asked);
    read_plugin(environment, config, document, asked);
    read_config(document, asked);
    return asked;
  } catch (const Refusal& refusal) {
    return Failure{refusal.code, refusal.msg, refusal.details, request.version};
  }
}

}  // namespace paddock::net::cni
