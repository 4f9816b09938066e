// SPDX-License-Identifier: Apache-2.0
#include "dnsd/translate.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace paddock::dnsd {

namespace {

std::string lower(std::string_view protocol) {
  std::string text(protocol);
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

dns::Port translate(const metadata::Port& port) {
  return {.name = port.name.str(),
          .protocol = lower(metadata::protocol_name(port.protocol)),
          .number = port.port};
}

// Of a service that is reached by its endpoints, the ports that these listen on.
std::vector<dns::Port> translate(const metadata::List<metadata::Port>& ports, bool is_headless) {
  std::vector<dns::Port> out;
  for (const auto& port : ports) {
    out.push_back(translate(port));
    if (is_headless && port.target_port != 0) out.back().number = port.target_port;
  }
  return out;
}

void append(std::vector<boost::asio::ip::address>& out, const metadata::Addresses& addresses) {
  out.insert(out.end(), addresses.begin(), addresses.end());
}

dns::ServiceKind kind_of(const metadata::Service& service) {
  if (!service.external_name.empty()) return dns::ServiceKind::external;
  if (!service.targets.empty()) return dns::ServiceKind::alias;
  if (!service.cluster_ips.empty()) return dns::ServiceKind::cluster_ip;
  if (!service.external_ips.empty() && service.selector.empty()) return dns::ServiceKind::external;
  return dns::ServiceKind::headless;
}

// The hosts that a load balancer knows, each once.
std::vector<std::string> hosts_of(const metadata::Service& service) {
  std::vector<std::string> hosts;
  if (service.lb_config.empty()) return hosts;
  const auto config = nlohmann::json::parse(service.lb_config.view(), nullptr, false);
  const auto rules = config.is_object() ? config.find("port_rules") : config.end();
  if (rules == config.end() || !rules->is_array()) return hosts;
  for (const auto& rule : *rules) {
    const auto host = rule.is_object() ? rule.find("hostname") : rule.end();
    if (host == rule.end() || !host->is_string()) continue;
    const auto& text = host->get_ref<const std::string&>();
    if (!text.empty() && std::ranges::find(hosts, text) == hosts.end()) hosts.push_back(text);
  }
  return hosts;
}

// A validated "stack/service".
dns::ServiceReference reference(std::string_view text) {
  const auto slash = text.find('/');
  return {std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

}  // namespace

dns::Service translate(const metadata::Service& service,
                       const metadata::Range<metadata::Endpoints>& slices) {
  dns::Service out;
  out.space = service.ns.str();
  out.name = service.name.str();
  out.kind = kind_of(service);
  append(out.addresses,
         out.kind == dns::ServiceKind::external ? service.external_ips : service.cluster_ips);
  append(out.outside_addresses, service.load_balancer_ips);
  append(out.outside_addresses, service.external_ips);
  append(out.clusterset_addresses, service.clusterset_ips);
  out.external_name = service.external_name.str();
  out.hosts = hosts_of(service);
  out.outside_name = service.fqdn.str();
  out.ports = translate(service.ports, out.kind == dns::ServiceKind::headless);
  out.publishes_not_ready = service.publish_not_ready;
  out.primary = service.primary_service.str();
  for (const auto& target : service.targets) {
    out.targets.push_back(reference(target.view()));
  }
  for (const auto& slice : slices) {
    const auto ports = translate(slice.ports, false);
    out.backends.reserve(out.backends.size() + slice.endpoints.size());
    for (const auto& endpoint : slice.endpoints) {
      out.backends.push_back({.addresses = endpoint.addresses.to_vector(),
                              .hostname = endpoint.hostname.str(),
                              .pod = endpoint.pod.str(),
                              .zone = endpoint.zone.str(),
                              .cluster = slice.cluster.str(),
                              .is_ready = endpoint.ready,
                              .ports = ports});
    }
  }
  return out;
}

dns::Pod translate(const metadata::Pod& pod) {
  return {.space = pod.ns.str(), .name = pod.name.str(), .addresses = pod.addresses.to_vector()};
}

dns::ServiceReference service_of(const metadata::Pod& pod) {
  if (pod.service.view().find('/') != std::string_view::npos) return reference(pod.service.view());
  return {pod.ns.str(), pod.service.str()};
}

void add_last_container(dns::Service& service, const metadata::Cluster& cluster) {
  if (service.kind != dns::ServiceKind::headless || service.publishes_not_ready ||
      std::ranges::any_of(service.backends, [](const auto& one) { return !one.addresses.empty(); }))
    return;
  dns::Backend last{.is_ready = false};
  for (const auto& pod : cluster.all_in<metadata::Pod>(service.space)) {
    if (pod.addresses.empty() || pod.service.empty()) continue;
    const auto its = service_of(pod);
    if (its.space != service.space || its.name != service.name) continue;
    last.addresses = pod.addresses.to_vector();
    last.pod = pod.name.str();
  }
  if (!last.addresses.empty()) service.backends.push_back(std::move(last));
}

}  // namespace paddock::dnsd
