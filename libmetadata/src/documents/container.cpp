// SPDX-License-Identifier: Apache-2.0
//
// A pod as Rancher's container.
#include "documents/fields.hpp"

#include <map>

namespace paddock::metadata::documents {
namespace {

using Value = std::optional<Node>;

// Ports without an address get one: the host's in the old versions, 0.0.0.0 in the new one.
Value ports(const View& view, const Pod& pod) {
  std::string own = "0.0.0.0";
  if (view.version() != Version::v2016_07_29) {
    const auto host = view.find<Host>(pod.host);
    if (host && !host->addresses.empty()) own = host->addresses.front().to_string();
  }
  std::vector<Node> nodes;
  for (const Text& text : pod.ports) {
    std::string port = text.str();
    constexpr std::string_view any = "0.0.0.0:";
    if (std::ranges::count(port, ':') < 2) {
      port.insert(0, own + ":");
    } else if (port.starts_with(any)) {
      port.replace(0, any.size(), own + ":");
    }
    nodes.emplace_back(std::move(port));
  }
  return list_of(std::move(nodes));
}

// Rancher's own labels of a container that Kubernetes started: its agent gave it those, beside what
// the kubelet says and the pod's. Nothing but a pod of Kubernetes has a service account.
Value labels(const View&, const Pod& pod) {
  if (pod.service_account.empty()) return map_of(pod.labels);
  std::map<std::string_view, std::string_view> all{
      {"io.kubernetes.container.name", "POD"},
      {"io.kubernetes.pod.name", pod.name},
      {"io.kubernetes.pod.namespace", pod.ns},
      {"io.kubernetes.pod.uid", pod.uid},
      {"io.rancher.container.display_name", pod.name},
      {"io.rancher.service.deployment.unit", pod.uid},
      {"io.rancher.service.launch.config", "io.rancher.service.primary.launch.config"},
      {"io.rancher.stack.name", pod.ns}};
  if (!pod.host_network) all["io.rancher.container.network"] = "true";
  for (const auto& [key, value] : pod.labels) all[key] = value;
  std::vector<std::pair<std::string, Node>> entries;
  for (const auto& [key, value] : all) entries.emplace_back(key, text_node(value));
  return map_of(std::move(entries));
}

Value network_uuid(const View& view, const Pod& pod) {
  if (!pod.network.empty()) {
    const auto network = view.find<Network>(pod.network);
    return network ? text_or_null(network->uid) : Node();
  }
  for (const Network& network : view.all<Network>()) {
    if (network.is_default) return text_or_null(network.uid);
  }
  return Node();
}

Value health_check(const View& view, const Pod& pod);

constexpr Field<Pod> fields[] = {
    {"create_index", [](const View&, const Pod& p) -> Value { return p.create_index; }},
    {"dns", [](const View&, const Pod& p) -> Value { return list_of(p.dns); }},
    {"dns_search", [](const View&, const Pod& p) -> Value { return list_of(p.dns_search); }},
    {"environment_uuid", [](const View& v, const Pod&) -> Value { return v.environment().uuid; }},
    {"external_id", [](const View&, const Pod& p) -> Value { return text_node(p.external_id); }},
    {"health_check", health_check},
    {"health_check_hosts",
     [](const View&, const Pod& p) -> Value { return list_of(p.health_check_hosts); }},
    {"health_state", [](const View&, const Pod& p) -> Value { return text_or_null(p.health); }},
    {"host_uuid",
     [](const View& v, const Pod& p) -> Value {
       const auto host = v.find<Host>(p.host);
       return host ? text_or_null(host->uid) : Node();
     }},
    {"hostname",
     [](const View&, const Pod& p) -> Value {
       return text_node(p.hostname.empty() ? p.name : p.hostname);
     }},
    {"ips", [](const View&, const Pod& p) -> Value { return list_of(p.addresses); }},
    {"labels", labels},
    {"links",
     [](const View&, const Pod& p) -> Value {
       return p.links.empty() ? absent_map() : map_of(p.links);
     }},
    {"memory_reservation", [](const View&, const Pod& p) -> Value { return p.memory_reservation; }},
    {"metadata_kind", [](const View&, const Pod&) -> Value { return text_node("container"); }},
    {"milli_cpu_reservation",
     [](const View&, const Pod& p) -> Value { return p.milli_cpu_reservation; }},
    {"name", [](const View&, const Pod& p) -> Value { return text_node(p.name); }},
    {"network_from_container_uuid",
     [](const View&, const Pod& p) -> Value { return text_or_null(p.network_from); }},
    {"network_uuid", network_uuid},
    {"ports", ports},
    {"primary_ip",
     [](const View&, const Pod& p) -> Value {
       return p.addresses.empty() ? Node() : text_node(p.addresses.front());
     }},
    {"primary_mac_address", [](const View&, const Pod& p) -> Value { return text_node(p.mac); }},
    {"service_index",
     [](const View&, const Pod& p) -> Value { return text_or_null(p.service_index); }},
    {"service_name",
     [](const View& v, const Pod& p) -> Value {
       const Service* service = v.service_of(p);
       return service ? text_node(service->name) : Node();
     }},
    {"service_uuid",
     [](const View& v, const Pod& p) -> Value {
       const Service* service = v.service_of(p);
       return service ? text_or_null(service->uid) : Node();
     }},
    {"stack_name", [](const View&, const Pod& p) -> Value { return text_node(p.ns); }},
    {"stack_uuid", [](const View& v, const Pod& p) -> Value { return v.uuid_of_namespace(p.ns); }},
    {"start_count", [](const View&, const Pod& p) -> Value { return p.start_count; }},
    {"state",
     [](const View&, const Pod& p) -> Value {
       return text_node(p.state.empty() ? std::string_view("running") : p.state.view());
     }},
    {"system", [](const View&, const Pod& p) -> Value { return p.system; }},
    {"uuid", [](const View&, const Pod& p) -> Value { return text_node(p.uid); }},
};

Value health_check(const View& view, const Pod& pod) {
  const Service* service = view.service_of(pod);
  return service ? health_check_node(*service) : Node();
}

}  // namespace

Node container_node(const View& view, const Pod& pod) {
  return std::shared_ptr<const Map>(std::make_shared<ObjectMap<Pod>>(view, pod, fields));
}

}  // namespace paddock::metadata::documents
