// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/objects.hpp"

#include <paddock/metadata/codec.hpp>
#include <paddock/metadata/part.hpp>

#include <algorithm>
#include <utility>

namespace paddock::metadata::kubernetes {
namespace {

constexpr std::string_view service_label = "kubernetes.io/service-name";
constexpr std::string_view imported_service_label = "multicluster.kubernetes.io/service-name";
constexpr std::string_view source_cluster_label = "multicluster.kubernetes.io/source-cluster";
constexpr std::string_view rancher_uuid_label = "io.rancher.uuid";
constexpr std::string_view zone_label = "topology.kubernetes.io/zone";

// Kept for nobody but the client that wrote it, and as large as the object.
constexpr std::string_view last_applied = "kubectl.kubernetes.io/last-applied-configuration";
// Of a value in an object of ours.
constexpr std::size_t longest_annotation = 64U << 10U;

Text shared_text(const Json& object, std::string_view key) {
  return Text::shared(text_at(object, key));
}

TextMap annotations_of(const Json& metadata) {
  const TextMap all = map_at(metadata, "annotations");
  const auto is_kept = [](const TextPair& pair) {
    return pair.key != last_applied && pair.value.size() <= longest_annotation;
  };
  if (std::all_of(all.begin(), all.end(), is_kept)) return all;
  std::vector<TextPair> kept;
  std::copy_if(all.begin(), all.end(), std::back_inserter(kept), is_kept);
  return TextMap::shared(std::move(kept));
}

// What all kinds have. Labels and annotations are left to each kind.
void read_metadata(const Json& object, Object& into) {
  const Json& metadata = at(object, "metadata");
  if (has_namespace(into.kind)) into.ns = shared_text(metadata, "namespace");
  into.name = Text(text_at(metadata, "name"));
  into.uid = Text(text_at(metadata, "uid"));
  into.created = time_of(text_at(metadata, "creationTimestamp"));
}

// That of the stack or service it was in Rancher, before it was one here.
void keep_rancher_uuid(Object& object) {
  if (const Text* uuid = object.labels.find(rancher_uuid_label)) object.uid = *uuid;
}

Protocol protocol_of(const Json& port) {
  const std::string_view text = text_at(port, "protocol");
  return text == "UDP" ? Protocol::udp : text == "SCTP" ? Protocol::sctp : Protocol::tcp;
}

List<Port> ports_of(const Json& list) {
  std::vector<Port> ports;
  for (const Json& from : list) {
    Port port;
    port.name = shared_text(from, "name");
    port.protocol = protocol_of(from);
    port.port = static_cast<std::uint16_t>(number_at(from, "port", 65535));
    if (port.port == 0) continue;  // of a slice: any port, which is none to be named
    port.target_port = static_cast<std::uint16_t>(number_at(from, "targetPort", 65535));
    if (port.target_port == port.port) port.target_port = 0;
    ports.push_back(std::move(port));
  }
  return ports;
}

Addresses addresses_with(const Json& list, std::string_view key) {
  Json texts = Json::array();
  for (const Json& item : list) texts.push_back(at(item, key));
  return addresses_of(texts);
}

bool is_condition_true(const Json& status, std::string_view type) {
  const Json& conditions = list_at(status, "conditions");
  return std::any_of(conditions.begin(), conditions.end(), [type](const Json& condition) {
    return text_at(condition, "type") == type && text_at(condition, "status") == "True";
  });
}

Addresses node_addresses(const Json& list) {
  std::vector<boost::asio::ip::address> addresses;
  for (const std::string_view type : {"InternalIP", "ExternalIP"}) {
    for (const Json& item : list) {
      if (text_at(item, "type") != type) continue;
      const auto address = address_of(at(item, "address"));
      if (address && std::ranges::find(addresses, *address) == addresses.end()) {
        addresses.push_back(*address);
      }
    }
  }
  return addresses;
}

Text node_hostname(const Json& list) {
  for (const Json& item : list) {
    if (text_at(item, "type") == "Hostname") return Text(text_at(item, "address"));
  }
  return {};
}

List<Prefix> pod_subnets(const Json& spec) {
  std::vector<Prefix> subnets;
  for (const Json& cidr : list_at(spec, "podCIDRs")) {
    if (!cidr.is_string()) continue;
    if (const auto prefix = parse_prefix(cidr.get_ref<const std::string&>())) {
      subnets.push_back(*prefix);
    }
  }
  if (subnets.empty()) {
    if (const auto prefix = parse_prefix(text_at(spec, "podCIDR"))) subnets.push_back(*prefix);
  }
  return subnets;
}

// Rancher's words for what became of a pod.
std::string_view pod_state(const Json& object) {
  if (at(at(object, "metadata"), "deletionTimestamp").is_string()) return "stopping";
  const std::string_view phase = text_at(at(object, "status"), "phase");
  if (phase == "Pending") return "starting";
  if (phase == "Succeeded" || phase == "Failed") return "stopped";
  return {};
}

// An init container that stays beside the others (KEP-753).
bool is_sidecar(const Json& container) { return text_at(container, "restartPolicy") == "Always"; }

void add_host_ports(const Json& container, std::vector<Text>& mappings) {
  for (const Json& port : list_at(container, "ports")) {
    const auto published = number_at(port, "hostPort", 65535);
    const auto inner = number_at(port, "containerPort", 65535);
    if (published == 0 || inner == 0) continue;
    const std::string_view ip = text_at(port, "hostIP");
    std::string mapping = ip.empty()                               ? ""
                          : ip.find(':') != std::string_view::npos ? "[" + std::string(ip) + "]:"
                                                                   : std::string(ip) + ":";
    mapping += std::to_string(published) + ":" + std::to_string(inner);
    const Protocol protocol = protocol_of(port);
    mapping += protocol == Protocol::udp ? "/udp" : protocol == Protocol::sctp ? "/sctp" : "/tcp";
    mappings.emplace_back(mapping);
  }
}

Texts host_ports(const Json& spec) {
  std::vector<Text> mappings;
  for (const Json& container : list_at(spec, "initContainers")) {
    if (is_sidecar(container)) add_host_ports(container, mappings);
  }
  for (const Json& container : list_at(spec, "containers")) add_host_ports(container, mappings);
  return mappings;
}

// "containerd://0123…": the runtime is left out.
void read_containers(const Json& status, Pod& pod) {
  const Json& containers = list_at(status, "containerStatuses");
  for (const Json& container : containers) {
    pod.start_count += number_at(container, "restartCount") + 1;
    if (!pod.external_id.empty()) continue;
    const std::string_view id = text_at(container, "containerID");
    const auto scheme = id.find("://");
    pod.external_id = Text(scheme == std::string_view::npos ? id : id.substr(scheme + 3));
  }
}

Endpoint read_endpoint(const Json& from) {
  Endpoint endpoint;
  endpoint.addresses = addresses_of(at(from, "addresses"));
  const Json& conditions = at(from, "conditions");
  endpoint.ready = flag_at(conditions, "ready", true);
  endpoint.serving = flag_at(conditions, "serving", endpoint.ready);
  endpoint.terminating = flag_at(conditions, "terminating");
  endpoint.hostname = Text(text_at(from, "hostname"));
  const Json& target = at(from, "targetRef");
  if (text_at(target, "kind") == "Pod") endpoint.pod = Text(text_at(target, "name"));
  endpoint.host = shared_text(from, "nodeName");
  endpoint.zone = shared_text(from, "zone");
  return endpoint;
}

// What a slice holds is a set: the controller refills it in any order.
bool is_before(const Endpoint& a, const Endpoint& b) {
  return std::pair(a.addresses.front(), a.pod.view()) <
         std::pair(b.addresses.front(), b.pod.view());
}

}  // namespace

Key key_of(const Json& object, Kind kind) {
  const Json& metadata = at(object, "metadata");
  return {kind, has_namespace(kind) ? std::string(text_at(metadata, "namespace")) : std::string(),
          std::string(text_at(metadata, "name"))};
}

std::shared_ptr<Namespace> read_namespace(const Json& object) {
  auto space = std::make_shared<Namespace>();
  read_metadata(object, *space);
  space->labels = map_at(at(object, "metadata"), "labels");
  space->annotations = annotations_of(at(object, "metadata"));
  keep_rancher_uuid(*space);
  return space;
}

std::shared_ptr<Host> read_node(const Json& object) {
  auto host = std::make_shared<Host>();
  read_metadata(object, *host);
  const Json& spec = at(object, "spec");
  const Json& status = at(object, "status");
  host->labels = map_at(at(object, "metadata"), "labels");
  host->annotations = annotations_of(at(object, "metadata"));
  host->addresses = node_addresses(list_at(status, "addresses"));
  host->hostname = node_hostname(list_at(status, "addresses"));
  if (host->hostname == host->name) host->hostname = {};
  if (const Text* zone = host->labels.find(zone_label)) host->zone = *zone;
  host->subnets = pod_subnets(spec);
  if (flag_at(spec, "unschedulable")) {
    host->state = Text::shared("inactive");
  } else if (!is_condition_true(status, "Ready")) {
    host->state = Text::shared("disconnected");
  }
  const Json& capacity = at(status, "capacity");
  host->milli_cpu = quantity_of(text_at(capacity, "cpu"), 1000);
  host->memory = quantity_of(text_at(capacity, "memory"), 1);
  host->local_storage_mb = quantity_of(text_at(capacity, "ephemeral-storage"), 1) / 1'000'000;
  return host;
}

std::shared_ptr<Service> read_service(const Json& object) {
  auto service = std::make_shared<Service>();
  read_metadata(object, *service);
  const Json& spec = at(object, "spec");
  service->labels = map_at(at(object, "metadata"), "labels");
  keep_rancher_uuid(*service);
  service->service_kind = Text::shared("kubernetesService");
  if (text_at(spec, "type") == "ExternalName") {
    service->external_name = Text(text_at(spec, "externalName"));
  } else if (auto ips = addresses_of(at(spec, "clusterIPs")); !ips.empty()) {
    service->cluster_ips = std::move(ips);
  } else if (const auto ip = address_of(at(spec, "clusterIP"))) {
    service->cluster_ips = {*ip};
  }
  service->external_ips = addresses_of(at(spec, "externalIPs"));
  const Json& balancers = list_at(at(at(object, "status"), "loadBalancer"), "ingress");
  service->load_balancer_ips = addresses_with(balancers, "ip");
  for (const Json& balancer : balancers) {
    if (service->fqdn.empty()) service->fqdn = Text(text_at(balancer, "hostname"));
  }
  service->ports = ports_of(list_at(spec, "ports"));
  service->selector = map_at(spec, "selector");
  service->publish_not_ready = flag_at(spec, "publishNotReadyAddresses");
  return service;
}

std::shared_ptr<Pod> read_pod(const Json& object) {
  auto pod = std::make_shared<Pod>();
  read_metadata(object, *pod);
  const Json& spec = at(object, "spec");
  const Json& status = at(object, "status");
  pod->labels = map_at(at(object, "metadata"), "labels");
  pod->annotations = annotations_of(at(object, "metadata"));
  pod->host = shared_text(spec, "nodeName");
  pod->addresses = addresses_with(list_at(status, "podIPs"), "ip");
  if (pod->addresses.empty()) {
    if (const auto ip = address_of(at(status, "podIP"))) pod->addresses = {*ip};
  }
  pod->host_network = flag_at(spec, "hostNetwork");
  pod->ready = is_condition_true(status, "Ready");
  pod->system = pod->ns == "kube-system";
  const std::string_view override = text_at(spec, "hostnameOverride");
  pod->hostname = Text(override.empty() ? text_at(spec, "hostname") : override);
  pod->subdomain = shared_text(spec, "subdomain");
  pod->service_account = shared_text(spec, "serviceAccountName");
  pod->state = Text::shared(pod_state(object));
  pod->ports = host_ports(spec);
  read_containers(status, *pod);
  return pod;
}

std::shared_ptr<Endpoints> read_endpoint_slice(const Json& object) {
  const Json& labels = at(at(object, "metadata"), "labels");
  const std::string_view imported = text_at(labels, imported_service_label);
  const std::string_view service = imported.empty() ? text_at(labels, service_label) : imported;
  // What no Service can be called is none's, whatever the label says.
  if (!is_name(Kind::service, service) || text_at(object, "addressType") == "FQDN") return nullptr;
  auto slice = std::make_shared<Endpoints>();
  read_metadata(object, *slice);
  slice->service = Text::shared(service);
  slice->cluster = shared_text(labels, source_cluster_label);
  slice->ports = ports_of(list_at(object, "ports"));
  const Json& annotations = at(at(object, "metadata"), "annotations");
  if (const auto time = text_at(annotations, change_time_annotation); !time.empty()) {
    slice->annotations = TextMap{TextPair{Text::shared(change_time_annotation), Text(time)}};
  }
  std::vector<Endpoint> endpoints;
  for (const Json& from : list_at(object, "endpoints")) {
    Endpoint endpoint = read_endpoint(from);
    if (!endpoint.addresses.empty()) endpoints.push_back(std::move(endpoint));
  }
  std::sort(endpoints.begin(), endpoints.end(), is_before);
  slice->endpoints = std::move(endpoints);
  return slice;
}

Import read_service_import(const Json& object) {
  const Json& spec = at(object, "spec");
  return {.uid = Text(text_at(at(object, "metadata"), "uid")),
          .ips = text_at(spec, "type") == "Headless" ? Addresses()
                                                     : Addresses(addresses_of(at(spec, "ips"))),
          .ports = ports_of(list_at(spec, "ports"))};
}

}  // namespace paddock::metadata::kubernetes
