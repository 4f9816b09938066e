// SPDX-License-Identifier: Apache-2.0
//
// Every field of every kind, once: its key, its rule and its default, in the order of
// docs/objects.md. A visitor reads them from a tree (reader.hpp) or writes them (writer.hpp).
#pragma once

#include "codec/rules.hpp"

#include <paddock/metadata/objects.hpp>

#include <cstdint>
#include <limits>
#include <type_traits>

namespace paddock::metadata {

inline constexpr std::int64_t any_amount = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t highest_port = 65535;

// `V` is the visitor; `T` is a struct of objects.hpp, const when writing.
template <class V, class T>
void describe_port(V& v, T& port) {
  v.text("name", port.name, Rule::label);
  v.protocol("protocol", port.protocol);
  v.required_integer("port", port.port, 1, highest_port);
}

template <class V, class T>
void describe_service_port(V& v, T& port) {
  describe_port(v, port);
  v.integer("target_port", port.target_port, 1, highest_port, port.port);
}

template <class V, class T>
void describe_health_check(V& v, T& check) {
  v.integer("port", check.port, 1, highest_port);
  v.text("request_line", check.request_line, Rule::line);
  v.integer("interval", check.interval, 0, any_amount);
  v.integer("response_timeout", check.response_timeout, 0, any_amount);
  v.integer("healthy_threshold", check.healthy_threshold, 0, any_amount);
  v.integer("unhealthy_threshold", check.unhealthy_threshold, 0, any_amount);
}

template <class V, class T>
void describe_endpoint(V& v, T& endpoint) {
  v.required_addresses("addresses", endpoint.addresses);
  v.text("hostname", endpoint.hostname, Rule::label);
  v.text("pod", endpoint.pod, Rule::dotted_name);
  v.repeated("host", endpoint.host, Rule::dotted_name);
  v.repeated("zone", endpoint.zone, Rule::word);
  v.boolean("ready", endpoint.ready, true);
  v.boolean("serving", endpoint.serving, endpoint.ready);
  v.boolean("terminating", endpoint.terminating, false);
}

template <class V, class T>
void describe_common(V& v, T& object) {
  v.text("uid", object.uid, Rule::word);
  v.map("labels", object.labels, Rule::label_key, Rule::free);
  v.map("annotations", object.annotations, Rule::label_key, Rule::free);
  v.integer("created", object.created, 0, any_amount);
  v.integer("revision", object.revision, 0, any_amount);
}

template <class V, class T>
void describe_host(V& v, T& host) {
  v.text("hostname", host.hostname, Rule::dns_name);
  v.addresses("addresses", host.addresses);
  v.repeated("state", host.state, Rule::word, "active");
  v.repeated("zone", host.zone, Rule::word);
  v.prefixes("subnets", host.subnets);
  v.integer("milli_cpu", host.milli_cpu, 0, any_amount);
  v.integer("memory", host.memory, 0, any_amount);
  v.integer("local_storage_mb", host.local_storage_mb, 0, any_amount);
}

template <class V, class T>
void describe_service(V& v, T& service) {
  v.addresses("cluster_ips", service.cluster_ips);
  v.text("external_name", service.external_name, Rule::dns_name);
  v.addresses("external_ips", service.external_ips);
  v.addresses("load_balancer_ips", service.load_balancer_ips);
  v.addresses("clusterset_ips", service.clusterset_ips);
  v.objects("ports", service.ports,
            [](auto& inner, auto& port) { describe_service_port(inner, port); });
  v.map("selector", service.selector, Rule::label_key, Rule::free);
  v.boolean("publish_not_ready", service.publish_not_ready, false);
  v.repeated("service_kind", service.service_kind, Rule::word);
  v.texts("targets", service.targets, Rule::service_path);
  v.texts("sidekicks", service.sidekicks, Rule::label);
  v.text("primary_service", service.primary_service, Rule::label);
  v.map("links", service.links, Rule::service_path, Rule::free);
  v.integer("scale", service.scale, 0, any_amount);
  v.repeated("state", service.state, Rule::word, "active");
  v.texts("expose", service.expose, Rule::word);
  v.text("fqdn", service.fqdn, Rule::dns_name);
  v.object("health_check", service.health_check,
           [](auto& inner, auto& check) { describe_health_check(inner, check); });
  v.any("metadata", service.metadata);
  v.any("lb_config", service.lb_config);
  v.text("token", service.token, Rule::word);
  v.boolean("system", service.system, false);
}

template <class V, class T>
void describe_endpoints(V& v, T& endpoints) {
  v.defaulted("service", endpoints.service, Rule::label, endpoints.name);
  v.objects("ports", endpoints.ports, [](auto& inner, auto& port) { describe_port(inner, port); });
  v.objects("endpoints", endpoints.endpoints,
            [](auto& inner, auto& endpoint) { describe_endpoint(inner, endpoint); });
  v.boolean("derived", endpoints.derived, false);
  v.repeated("cluster", endpoints.cluster, Rule::word);
}

template <class V, class T>
void describe_pod(V& v, T& pod) {
  v.text("external_id", pod.external_id, Rule::word);
  v.repeated("host", pod.host, Rule::dotted_name);
  v.addresses("addresses", pod.addresses);
  v.text("mac", pod.mac, Rule::mac);
  v.repeated("interface", pod.interface, Rule::word);
  v.repeated("network", pod.network, Rule::dotted_name);
  v.boolean("host_network", pod.host_network, false);
  v.text("hostname", pod.hostname, Rule::dns_name);
  v.repeated("subdomain", pod.subdomain, Rule::label);
  v.repeated("service_account", pod.service_account, Rule::dotted_name);
  v.repeated("state", pod.state, Rule::word, "running");
  v.repeated("health", pod.health, Rule::word);
  v.boolean("ready", pod.ready, true);
  v.repeated("service", pod.service, Rule::service_name);
  v.repeated("service_index", pod.service_index, Rule::word);
  v.texts("ports", pod.ports, Rule::port_mapping);
  v.texts("dns", pod.dns, Rule::address);
  v.texts("dns_search", pod.dns_search, Rule::dns_name);
  v.map("links", pod.links, Rule::word, Rule::word);
  v.text("network_from", pod.network_from, Rule::word);
  v.integer("create_index", pod.create_index, 0, any_amount);
  v.integer("start_count", pod.start_count, 0, any_amount);
  v.integer("milli_cpu_reservation", pod.milli_cpu_reservation, 0, any_amount);
  v.integer("memory_reservation", pod.memory_reservation, 0, any_amount);
  v.texts("health_check_hosts", pod.health_check_hosts, Rule::word);
  v.boolean("system", pod.system, false);
}

template <class V, class T>
void describe_network(V& v, T& network) {
  v.prefixes("subnets", network.subnets);
  v.boolean("default", network.is_default, false);
  v.boolean("host_ports", network.host_ports, true);
  v.integer("mtu", network.mtu, 68, highest_port);
  v.repeated("default_policy_action", network.default_policy_action, Rule::word, "allow");
  v.any("policy", network.policy);
  v.any("metadata", network.metadata);
}

template <class V, class T>
void describe_subnet(V& v, T& subnet) {
  v.repeated("host", subnet.host, Rule::dotted_name);
  v.text("host_uid", subnet.host_uid, Rule::word);
  v.prefixes("subnets", subnet.subnets);
}

// All fields after kind, namespace and name.
template <class V, class T>
void describe(V& v, T& object) {
  using Plain = std::remove_const_t<T>;
  describe_common(v, object);
  if constexpr (std::is_same_v<Plain, Host>) describe_host(v, object);
  if constexpr (std::is_same_v<Plain, Service>) describe_service(v, object);
  if constexpr (std::is_same_v<Plain, Endpoints>) describe_endpoints(v, object);
  if constexpr (std::is_same_v<Plain, Pod>) describe_pod(v, object);
  if constexpr (std::is_same_v<Plain, Network>) describe_network(v, object);
  if constexpr (std::is_same_v<Plain, Subnet>) describe_subnet(v, object);
}

}  // namespace paddock::metadata
