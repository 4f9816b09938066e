// SPDX-License-Identifier: Apache-2.0
#include "paddock/list.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <utility>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

std::string text(const ordered_json& object, const char* key, const char* otherwise = "") {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return otherwise;
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string joined(const ordered_json& object, const char* key) {
  std::string all;
  for (const auto& item : object.value(key, ordered_json::array())) {
    if (!all.empty()) all += ",";
    all += item.is_string() ? item.get<std::string>() : item.dump();
  }
  return all;
}

std::string ports(const ordered_json& object) {
  std::string all;
  for (const auto& port : object.value("ports", ordered_json::array())) {
    if (!all.empty()) all += ",";
    all += text(port, "port") + "/" + text(port, "protocol", "TCP");
  }
  return all;
}

std::string full_name(const ordered_json& object) {
  const auto space = text(object, "namespace");
  return (space.empty() ? "" : space + "/") + text(object, "name");
}

std::string age(const ordered_json& object, long long now) {
  const auto created = object.value("created", 0LL);
  return created == 0 ? "" : span_text(std::max((now - created) / 1000, 0LL));
}

std::string labels(const ordered_json& object) {
  std::string all;
  const auto map = object.value("labels", ordered_json::object());
  for (const auto& [key, value] : map.items()) {
    if (!all.empty()) all += ",";
    all += key + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  return all;
}

std::string service_kind(const ordered_json& service) {
  if (!text(service, "service_kind").empty()) return text(service, "service_kind");
  if (!text(service, "external_name").empty()) return "ExternalName";
  if (!joined(service, "targets").empty()) return "alias";
  if (!joined(service, "cluster_ips").empty()) return "ClusterIP";
  return "headless";
}

std::string service_address(const ordered_json& service) {
  for (const auto* key : {"cluster_ips", "external_ips", "targets"}) {
    if (auto all = joined(service, key); !all.empty()) return all;
  }
  return text(service, "external_name");
}

std::string pod_state(const ordered_json& pod) {
  auto state = text(pod, "state", "running");
  if (!text(pod, "health").empty()) state += " (" + text(pod, "health") + ")";
  return pod.value("ready", true) ? state : state + ", not ready";
}

// Ready and all endpoints of a list of Endpoints objects.
std::pair<std::size_t, std::size_t> count_endpoints(const ordered_json& slice) {
  std::pair<std::size_t, std::size_t> count;
  for (const auto& endpoint : slice.value("endpoints", ordered_json::array())) {
    ++count.second;
    if (endpoint.value("ready", true)) ++count.first;
  }
  return count;
}

Row row_of(metadata::Kind kind, const ordered_json& object, long long now) {
  using metadata::Kind;
  const auto name = full_name(object);
  switch (kind) {
    case Kind::host:
      return {name,
              joined(object, "addresses"),
              joined(object, "subnets"),
              text(object, "state", "active"),
              text(object, "zone"),
              age(object, now)};
    case Kind::name_space:
      return {name, labels(object), age(object, now)};
    case Kind::service:
      return {name, service_kind(object), service_address(object), ports(object), age(object, now)};
    case Kind::endpoints: {
      const auto [ready, all] = count_endpoints(object);
      return {name, text(object, "service", text(object, "name").c_str()),
              std::to_string(ready) + "/" + std::to_string(all), ports(object), age(object, now)};
    }
    case Kind::pod:
      return {name,
              joined(object, "addresses"),
              pod_state(object),
              text(object, "host"),
              text(object, "service"),
              labels(object),
              age(object, now)};
    case Kind::network:
      return {name, joined(object, "subnets"), text(object, "mtu"), age(object, now)};
    case Kind::subnet:
      break;
  }
  return {name, joined(object, "subnets"), text(object, "host"), age(object, now)};
}

Row head_of(metadata::Kind kind) {
  using metadata::Kind;
  switch (kind) {
    case Kind::host:
      return {"HOST", "ADDRESSES", "SUBNETS", "STATE", "ZONE", "AGE"};
    case Kind::name_space:
      return {"NAMESPACE", "LABELS", "AGE"};
    case Kind::service:
      return {"SERVICE", "KIND", "ADDRESS", "PORTS", "AGE"};
    case Kind::endpoints:
      return {"ENDPOINTS", "SERVICE", "READY", "PORTS", "AGE"};
    case Kind::pod:
      return {"POD", "ADDRESS", "STATE", "HOST", "SERVICE", "LABELS", "AGE"};
    case Kind::network:
      return {"NETWORK", "SUBNETS", "MTU", "AGE"};
    case Kind::subnet:
      break;
  }
  return {"SUBNET", "SUBNETS", "HOST", "AGE"};
}

}  // namespace

Sheet sheet_of(metadata::Kind kind, const ordered_json& objects, long long now) {
  Sheet sheet{head_of(kind), {}};
  for (const auto& object : objects) sheet.rows.push_back(row_of(kind, object, now));
  return sheet;
}

Sheet sheet_of_services(const ordered_json& services, const ordered_json& endpoints,
                        long long now) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> counts;
  for (const auto& slice : endpoints) {
    const auto [ready, all] = count_endpoints(slice);
    auto& count = counts[text(slice, "namespace") + "/" +
                         text(slice, "service", text(slice, "name").c_str())];
    count.first += ready;
    count.second += all;
  }
  auto sheet = sheet_of(metadata::Kind::service, services, now);
  sheet.head.insert(sheet.head.end() - 1, "ENDPOINTS");
  for (auto& row : sheet.rows) {
    const auto found = counts.find(row.front());
    row.insert(row.end() - 1, found == counts.end()
                                  ? ""
                                  : std::to_string(found->second.first) + "/" +
                                        std::to_string(found->second.second) + " ready");
  }
  return sheet;
}

long long now_in_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace paddock::cli
