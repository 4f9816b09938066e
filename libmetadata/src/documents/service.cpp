// SPDX-License-Identifier: Apache-2.0
//
// A service as Rancher's.
#include "documents/fields.hpp"

#include <paddock/metadata/codec.hpp>

#include <set>

namespace paddock::metadata::documents {
namespace {

using Value = std::optional<Node>;

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lowered;
}

// "8080:80/tcp"
Value ports(const View&, const Service& service) {
  std::vector<Node> nodes;
  for (const Port& port : service.ports) {
    const auto target = port.target_port == 0 ? port.port : port.target_port;
    nodes.emplace_back(std::to_string(port.port) + ":" + std::to_string(target) + "/" +
                       lower(protocol_name(port.protocol)));
  }
  return list_of(std::move(nodes));
}

// `stack/service` → alias. What an alias stands for are links too.
Value links(const View& view, const Service& service) {
  std::vector<std::pair<std::string, Node>> entries;
  std::set<std::string> names;
  const auto add = [&](std::string_view target, std::string_view alias) {
    std::string name = view.version() == Version::v2016_07_29 ? lower(target) : std::string(target);
    if (names.insert(name).second) entries.emplace_back(std::move(name), text_node(alias));
  };
  for (const auto& link : service.links) add(link.key, link.value);
  for (const Text& target : service.targets) add(target, "");
  return map_of(std::move(entries));
}

Value containers(const View& view, const Service& service) {
  const auto& pods = view.pods_of(service);
  if (view.version() == Version::v2015_07_25) {
    std::vector<Node> names;
    for (const Pod* pod : pods) names.push_back(text_node(pod->name));
    return list_of(std::move(names));
  }
  return lazy_list({.size = [&pods] { return pods.size(); },
                    .at = [&view, &pods](std::size_t i) { return container_node(view, *pods[i]); },
                    .find = [&view, &pods](std::string_view name) -> std::optional<Node> {
                      for (const Pod* pod : pods) {
                        if (pod->name == name || pod->uid == name)
                          return container_node(view, *pod);
                      }
                      return std::nullopt;
                    }});
}

// A secret: only a container of the service sees it.
Value token(const View& view, const Service& service) {
  if (service.token.empty()) return Node();  // for whoever asks
  const Pod* client = view.client();
  return client != nullptr && view.service_of(*client) == &service ? text_node(service.token)
                                                                   : Node();
}

// "k=v,l=w"; as Rancher had it of a service of Kubernetes, whose selector is for its namespace
// only.
Value selector(const View&, const Service& service) {
  std::string text;
  for (const auto& pair : service.selector) {
    if (!text.empty()) text += ',';
    text.append(pair.key.view()).append("=").append(pair.value.view());
  }
  if (!text.empty() && service.service_kind == "kubernetesService") {
    text.append(",io.kubernetes.pod.namespace=").append(service.ns.view());
  }
  return text.empty() ? Node() : Node(std::move(text));
}

constexpr Field<Service> fields[] = {
    {"containers", containers},
    {"create_index", [](const View&, const Service&) -> Value { return Node(); }},
    {"environment_name",
     [](const View& v, const Service&) -> Value { return v.environment().name; }},
    {"environment_uuid",
     [](const View& v, const Service&) -> Value { return v.environment().uuid; }},
    {"expose", [](const View&, const Service& s) -> Value { return list_of(s.expose); }},
    {"external_ips",
     [](const View&, const Service& s) -> Value { return list_of(s.external_ips); }},
    {"fqdn", [](const View&, const Service& s) -> Value { return text_or_null(s.fqdn); }},
    {"health_check", [](const View&, const Service& s) -> Value { return health_check_node(s); }},
    {"hostname",
     [](const View&, const Service& s) -> Value { return text_or_null(s.external_name); }},
    {"kind", [](const View&, const Service& s) -> Value { return text_node(effective_kind(s)); }},
    {"labels", [](const View&, const Service& s) -> Value { return map_of(s.labels); }},
    {"lb_config", [](const View&, const Service& s) -> Value { return json_node(s.lb_config); }},
    {"links", links},
    {"metadata",
     [](const View&, const Service& s) -> Value {
       return s.metadata.empty() ? map_of(TextMap()) : json_node(s.metadata);
     }},
    {"metadata_kind", [](const View&, const Service&) -> Value { return text_node("service"); }},
    {"name", [](const View&, const Service& s) -> Value { return text_node(s.name); }},
    {"ports", ports},
    {"primary_service_name",
     [](const View&, const Service& s) -> Value {
       return text_node(s.primary_service.empty() ? s.name : s.primary_service);
     }},
    {"scale", [](const View&, const Service& s) -> Value { return s.scale; }},
    {"selector", selector},
    {"sidekicks", [](const View&, const Service& s) -> Value { return list_of(s.sidekicks); }},
    {"stack_name", [](const View&, const Service& s) -> Value { return text_node(s.ns); }},
    {"stack_uuid",
     [](const View& v, const Service& s) -> Value { return v.uuid_of_namespace(s.ns); }},
    {"state",
     [](const View&, const Service& s) -> Value {
       return text_node(s.state.empty() ? std::string_view("active") : s.state.view());
     }},
    {"system", [](const View&, const Service& s) -> Value { return s.system; }},
    {"token", token},
    {"uuid", [](const View&, const Service& s) -> Value { return text_node(s.uid); }},
    {"vip",
     [](const View&, const Service& s) -> Value {
       if (s.cluster_ips.empty()) return std::nullopt;
       return Node(s.cluster_ips.front().to_string());
     }},
};

}  // namespace

Node health_check_node(const Service& service) {
  if (!service.health_check) return {};
  const HealthCheck& check = *service.health_check;
  return map_of({{"healthy_threshold", check.healthy_threshold},
                 {"interval", check.interval},
                 {"port", std::int64_t{check.port}},
                 {"request_line", text_node(check.request_line)},
                 {"response_timeout", check.response_timeout},
                 {"unhealthy_threshold", check.unhealthy_threshold}});
}

Node service_node(const View& view, const Service& service) {
  return std::shared_ptr<const Map>(std::make_shared<ObjectMap<Service>>(view, service, fields));
}

}  // namespace paddock::metadata::documents
