// SPDX-License-Identifier: Apache-2.0
#include "cni/environment.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace paddock::net::cni {
namespace {

constexpr std::size_t longest_name = 200;
constexpr std::size_t longest_interface = 15;

constexpr std::array<std::pair<std::string_view, Command>, 6> commands = {
    {{"ADD", Command::add},
     {"DEL", Command::del},
     {"CHECK", Command::check},
     {"GC", Command::gc},
     {"STATUS", Command::status},
     {"VERSION", Command::version}}};

[[noreturn]] void refuse(std::string msg, std::string details) {
  throw Refusal{Code::bad_environment, std::move(msg), std::move(details)};
}

std::string value_of(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

bool is_true(std::string_view text) { return text == "1" || text == "true" || text == "True"; }

Command command_of(const std::string& name) {
  if (name.empty()) refuse("CNI_COMMAND is not set", "a container runtime sets it");
  const auto* found =
      std::ranges::find(commands, name, &std::pair<std::string_view, Command>::first);
  if (found == commands.end())
    refuse("unknown CNI_COMMAND: " + name, "known are ADD, DEL, CHECK, GC, STATUS, VERSION");
  return found->second;
}

void check_present(const Environment& environment, Command command) {
  std::vector<std::string_view> needed;
  const bool attachment =
      command == Command::add || command == Command::del || command == Command::check;
  if (attachment) needed.emplace_back("CNI_CONTAINERID");
  if (command == Command::add || command == Command::check) needed.emplace_back("CNI_NETNS");
  if (attachment) needed.emplace_back("CNI_IFNAME");
  if (attachment || command == Command::gc) needed.emplace_back("CNI_PATH");
  std::string missing;
  for (const auto name : needed) {
    if (value_of(environment, name).empty())
      missing += (missing.empty() ? "" : ",") + std::string(name);
  }
  if (!missing.empty())
    refuse("required env variables [" + missing + "] missing", "a container runtime sets them");
}

void check_interface_name(const std::string& name) {
  const bool bad_character = std::ranges::any_of(
      name, [](unsigned char c) { return c == '/' || c == ':' || std::isspace(c) != 0; });
  if (name.size() > longest_interface)
    refuse("interface name is too long", "CNI_IFNAME is \"" + name + "\": 15 bytes are the most");
  if (name == "." || name == "..") refuse("interface name is . or ..", "CNI_IFNAME names it");
  if (bad_character)
    refuse("interface name contains / or : or whitespace characters",
           "CNI_IFNAME is \"" + name + "\"");
}

// One pair of CNI_ARGS that we know by name. False: not known.
bool read_known_argument(const std::string& key, const std::string& value, Request& request) {
  if (key == "K8S_POD_NAMESPACE" || key == "PADDOCK_POD_NAMESPACE") {
    request.pod_namespace = value;
    if (key[0] == 'K') request.labels["io.kubernetes.pod.namespace"] = value;
  } else if (key == "K8S_POD_NAME" || key == "PADDOCK_POD_NAME") {
    request.pod_name = value;
    if (key[0] == 'K') request.labels["io.kubernetes.pod.name"] = value;
  } else if (key == "K8S_POD_UID") {
    request.pod_uid = value;
    request.labels["io.kubernetes.pod.uid"] = value;
  } else if (key == "IP") {
    const auto prefix = Prefix::parse(value);
    if (!prefix) refuse("CNI_ARGS: IP=" + value + " is not an address", "");
    request.addresses.push_back(prefix->address);
  } else if (key == "MAC") {
    request.mac = MacAddress::parse(value);
    if (!request.mac || (request.mac->octets[0] & 1) != 0)
      refuse("CNI_ARGS: MAC=" + value + " is not a unicast MAC address",
             "the lowest bit of the first octet has to be 0, as in 02:00:00:00:00:01");
  } else if (key == "PADDOCK_LABELS") {
    for (std::size_t begin = 0; begin < value.size();) {
      const auto end = std::min(value.find(',', begin), value.size());
      const auto pair = value.substr(begin, end - begin);
      const auto equal = pair.find('=');
      if (equal == std::string::npos || equal == 0)
        refuse("CNI_ARGS: PADDOCK_LABELS holds \"" + pair + "\"",
               "the form is key=value,key=value");
      request.labels[pair.substr(0, equal)] = pair.substr(equal + 1);
      begin = end + 1;
    }
  } else {
    return key == "IgnoreUnknown" || key == "K8S_POD_INFRA_CONTAINER_ID";
  }
  return true;
}

// Unknown keys are labels when IgnoreUnknown allows them, and errors otherwise.
void read_arguments(const std::string& text, Request& request) {
  std::vector<std::pair<std::string, std::string>> unknown;
  bool unknown_allowed = false;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(';', begin), text.size());
    const auto pair = text.substr(begin, end - begin);
    begin = end + 1;
    if (pair.empty()) continue;
    const auto equal = pair.find('=');
    if (equal == std::string::npos)
      refuse("CNI_ARGS: \"" + pair + "\" has no =", "the form is KEY=VALUE;KEY=VALUE");
    const auto key = pair.substr(0, equal);
    const auto value = pair.substr(equal + 1);
    if (key == "IgnoreUnknown") unknown_allowed = is_true(value);
    if (!read_known_argument(key, value, request)) unknown.emplace_back(key, value);
  }
  if (!unknown.empty() && !unknown_allowed)
    refuse("CNI_ARGS: unknown key \"" + unknown.front().first + "\"",
           "IgnoreUnknown=1 in CNI_ARGS makes unknown keys labels of the pod");
  request.labels.insert(unknown.begin(), unknown.end());
}

}  // namespace

bool is_name(std::string_view text) {
  const auto is_word = [](unsigned char c) { return c < 0x80 && std::isalnum(c) != 0; };
  return !text.empty() && text.size() <= longest_name &&
         is_word(static_cast<unsigned char>(text.front())) &&
         std::ranges::all_of(
             text, [&](unsigned char c) { return is_word(c) || c == '_' || c == '.' || c == '-'; });
}

void read_environment(const Environment& environment, Request& request) {
  request.command = command_of(value_of(environment, "CNI_COMMAND"));
  check_present(environment, request.command);
  request.container = value_of(environment, "CNI_CONTAINERID");
  request.ifname = value_of(environment, "CNI_IFNAME");
  request.netns = value_of(environment, "CNI_NETNS");
  request.netns_override = is_true(value_of(environment, "CNI_NETNS_OVERRIDE"));
  if (request.command == Command::add || request.command == Command::del ||
      request.command == Command::check) {
    if (!is_name(request.container))
      refuse("invalid characters in containerID",
             "CNI_CONTAINERID is \"" + request.container +
                 "\": a letter or digit, then letters, digits, _ . -, at most 200 bytes");
    check_interface_name(request.ifname);
    try {
      read_arguments(value_of(environment, "CNI_ARGS"), request);
    } catch (const Refusal&) {
      if (request.command != Command::del) throw;  // arguments cannot keep a pod from going
    }
  }
}

}  // namespace paddock::net::cni
