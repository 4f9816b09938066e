// SPDX-License-Identifier: Apache-2.0
//
// Kubernetes DNS-based service discovery, specification 1.1.0, and what CoreDNS adds to it.
#include "naming/collector.hpp"
#include "naming/reverse_zones.hpp"
#include "naming/service_naming.hpp"
#include "zone/dashed_address.hpp"

namespace paddock::dns {

KubernetesNames::KubernetesNames(Options options) : options_(std::move(options)) {}

std::vector<ZoneSpec> KubernetesNames::zones() const {
  ZoneSpec zone{.origin = options_.zone,
                .ttl = options_.ttl,
                .negative_ttl = options_.ttl,
                .missing = Missing::nxdomain,
                .content = Content::learnt,
                .mname = below(below(options_.zone, "dns"), "ns"),
                .rname = below(options_.zone, "hostmaster")};
  std::vector<ZoneSpec> zones{zone};
  if (!options_.has_reverse) return zones;
  for (const char* above : {"in-addr.arpa", "ip6.arpa"}) {
    zones.push_back(zone);
    zones.back().origin = Name::parse(above).value();
    zones.back().missing = Missing::forward;
  }
  zone.mname = zone.rname = {};  // each has its own, as in CoreDNS
  for (const Name& origin : own_reverse_origins()) {
    zones.push_back(zone);
    zones.back().origin = origin;
  }
  return zones;
}

std::vector<Name> KubernetesNames::own_reverse_origins() const {
  std::vector<Name> origins;
  if (!options_.has_reverse) return origins;
  const auto add = [&](const auto& subnets) {
    for (const auto& subnet : subnets) {
      const auto more = reverse_origins(subnet);
      origins.insert(origins.end(), more.begin(), more.end());
    }
  };
  add(options_.reverse_v4);
  add(options_.reverse_v6);
  return origins;
}

Contribution KubernetesNames::base() const {
  Collector collector("zone " + options_.zone.format(), options_.ttl);
  collector.add(txt_record(below(options_.zone, "dns-version"), "1.1.0", options_.ttl));
  collector.add_existence(below(options_.zone, "svc"));
  collector.add_existence(below(options_.zone, "pod"));
  auto origins = own_reverse_origins();
  origins.push_back(options_.zone);
  for (const Name& origin : origins) {
    add_name_server(collector, below(below(origin, "dns"), "ns"), options_.server_addresses);
  }
  return collector.take();
}

Contribution KubernetesNames::space(std::string_view name) const {
  Collector collector("namespace " + std::string(name), options_.ttl);
  if (const auto services = collector.label(below(options_.zone, "svc"), name, "name")) {
    collector.add_existence(*services);
  }
  const bool has_pods = options_.pod_names || options_.pod_addresses != PodAddresses::disabled;
  const auto pods = collector.label(below(options_.zone, "pod"), name, "name");
  if (has_pods && pods) {
    collector.add_existence(*pods);
    Record addresses{.owner = *pods, .type = dashed_addresses, .ttl = options_.ttl};
    if (options_.pod_addresses == PodAddresses::insecure) collector.add(addresses);
    addresses.data = only_with_pointer;
    if (verifies_by_reverse_names()) collector.add(addresses);
  }
  return collector.take();
}

Contribution KubernetesNames::service(const Service& service) const {
  Collector collector(subject_of("service", service.space, service.name), options_.ttl);
  const auto space = collector.label(below(options_.zone, "svc"), service.space, "namespace");
  if (!space) return collector.take();
  auto name = collector.label(*space, service.name, "name");
  if (!name) return collector.take();
  const ServiceStyle style{.endpoint_pod_names = options_.endpoint_pod_names,
                           .has_reverse = options_.has_reverse,
                           .is_zonal = options_.zonal_names};
  ServiceNaming naming(service, style, collector, std::move(*name));
  switch (service.kind) {
    case ServiceKind::cluster_ip:
      if (options_.ignores_empty_services && !naming.has_published_backend()) break;
      naming.name_addresses(service.addresses);
      naming.name_endpoints();  // beyond the specification: CoreDNS' users look them up
      break;
    case ServiceKind::headless:
      naming.name_backends();
      break;
    case ServiceKind::external:
      naming.name_external();
      break;
    case ServiceKind::alias:  // Kubernetes has none
      break;
  }
  return collector.take();
}

// The pods' reverse names tell which addresses are theirs: nothing more to publish.
bool KubernetesNames::verifies_by_reverse_names() const {
  return options_.pod_addresses == PodAddresses::verified && options_.pod_names &&
         options_.has_reverse;
}

Contribution KubernetesNames::pod(const Pod& pod) const {
  Collector collector(subject_of("pod", pod.space, pod.name), options_.ttl);
  const auto space = collector.label(below(options_.zone, "pod"), pod.space, "namespace");
  if (!space) return collector.take();
  if (options_.pod_names) {
    if (const auto name = collector.labels(*space, pod.name, "name")) {
      for (const auto& address : pod.addresses) {
        collector.add_address(*name, address);
        if (options_.has_reverse) collector.add_reverse(address, *name, Precedence::fallback);
      }
    }
  }
  if (options_.pod_addresses == PodAddresses::verified && !verifies_by_reverse_names()) {
    for (const auto& address : pod.addresses) {
      const auto name = collector.label(*space, format_dashed(address), "address");
      if (name) collector.add_address(*name, address);
    }
  }
  return collector.take();
}

}  // namespace paddock::dns
