// SPDX-License-Identifier: Apache-2.0
//
// What tools made for EC2 look for: meta-data, dynamic and user-data (docs/metadata-paths.md). A
// pod is the instance. Nothing of it is listed with Rancher's keys.
#include "documents/fields.hpp"

#include <paddock/metadata/codec.hpp>

namespace paddock::metadata::documents {
namespace {

using Entries = std::vector<std::pair<std::string, Node>>;

void add_text(Entries& entries, std::string key, std::string_view text) {
  if (!text.empty()) entries.emplace_back(std::move(key), text_node(text));
}

// One address a line.
std::string addresses_of(const Pod& pod, bool is_v6) {
  std::string lines;
  for (const auto& address : pod.addresses) {
    if (address.is_v6() != is_v6) continue;
    if (!lines.empty()) lines += '\n';
    lines += address.to_string();
  }
  return lines;
}

std::string first_line(const std::string& lines) { return lines.substr(0, lines.find('\n')); }

std::string_view host_name_of(const Pod& pod) {
  return pod.hostname.empty() ? pod.name.view() : pod.hostname.view();
}

Node placement(const View& view, const Host* host) {
  Entries entries;
  if (host != nullptr) add_text(entries, "availability-zone", host->zone);
  if (host != nullptr) add_text(entries, "host-id", host->uid);
  add_text(entries, "region", view.environment().region_name);
  return map_of(std::move(entries));
}

Node network(const Pod& pod) {
  Entries interface {
    {
      "device-number", std::int64_t { 0 }
    }
  };
  add_text(interface, "local-hostname", host_name_of(pod));
  add_text(interface, "local-ipv4s", addresses_of(pod, false));
  add_text(interface, "ipv6s", addresses_of(pod, true));
  add_text(interface, "mac", pod.mac);
  Entries macs;
  if (!pod.mac.empty()) macs.emplace_back(pod.mac.str(), map_of(std::move(interface)));
  return map_of(Entries{{"interfaces", map_of(Entries{{"macs", map_of(std::move(macs))}})}});
}

}  // namespace

Node ec2_meta_data(const View& view, const Pod& pod) {
  Entries entries;
  add_text(entries, "hostname", host_name_of(pod));
  add_text(entries, "instance-id", pod.uid);
  add_text(entries, "ipv6", first_line(addresses_of(pod, true)));
  add_text(entries, "local-hostname", host_name_of(pod));
  add_text(entries, "local-ipv4", first_line(addresses_of(pod, false)));
  add_text(entries, "mac", pod.mac);
  entries.emplace_back("network", network(pod));
  entries.emplace_back("placement", placement(view, view.host()));
  entries.emplace_back("tags", map_of(Entries{{"instance", map_of(pod.labels)}}));
  return map_of(std::move(entries));
}

Node ec2_dynamic(const View& view, const Pod& pod) {
  const Host* host = view.host();
  std::string text = "{\n";
  const auto add = [&text](const char* key, std::string_view value) {
    text.append(text.size() > 2 ? ",\n" : "").append("  \"").append(key).append("\" : ");
    value.empty() ? void(text += "null") : append_json_text(text, value);
  };
  add("accountId", view.environment().uuid);
  add("availabilityZone", host == nullptr ? std::string_view() : host->zone.view());
  add("instanceId", pod.uid);
  add("privateIp", pod.addresses.empty() ? "" : pod.addresses.front().to_string());
  add("region", view.environment().region_name);
  add("version", "2017-09-30");
  text += "\n}";
  return map_of(Entries{{"instance-identity", map_of(Entries{{"document", Node(text)}})}});
}

std::optional<Node> ec2_user_data(const Pod& pod) {
  const Text* text = pod.annotations.find(user_data_annotation);
  return text == nullptr ? std::nullopt : std::optional(text_node(*text));
}

}  // namespace paddock::metadata::documents
