// SPDX-License-Identifier: Apache-2.0
#include "naming/service_naming.hpp"

#include <paddock/dns/clusterset_naming.hpp>

#include <algorithm>

namespace paddock::dns {

ClustersetNames::ClustersetNames(ServiceZone zone) : zone_(std::move(zone)) {}

std::vector<ZoneSpec> ClustersetNames::zones() const { return {spec_of(zone_)}; }

Contribution ClustersetNames::base() const {
  Collector collector("zone " + zone_.origin.format(), zone_.ttl);
  collector.add(txt_record(below(zone_.origin, "dns-version"), "1.0.0", zone_.ttl));
  collector.add_existence(below(zone_.origin, "svc"));
  add_name_server(collector, below(below(zone_.origin, "dns"), "ns"), zone_.server_addresses);
  return collector.take();
}

Contribution ClustersetNames::space(std::string_view name) const {
  Collector collector("namespace " + std::string(name), zone_.ttl);
  if (const auto space = collector.label(below(zone_.origin, "svc"), name, "name")) {
    collector.add_existence(*space);
  }
  return collector.take();
}

Contribution ClustersetNames::service(const Service& service) const {
  Collector collector(subject_of("service", service.space, service.name), zone_.ttl);
  const bool is_shared =
      !service.clusterset_addresses.empty() ||
      std::ranges::any_of(service.backends, [](const auto& b) { return !b.cluster.empty(); });
  if (!is_shared) return collector.take();
  const auto space = collector.label(below(zone_.origin, "svc"), service.space, "namespace");
  const auto name = space ? collector.label(*space, service.name, "name") : std::nullopt;
  if (!name) return collector.take();
  const ServiceStyle style{.has_reverse = false, .is_by_cluster = true};
  ServiceNaming naming(service, style, collector, *name);
  if (service.clusterset_addresses.empty()) {
    naming.name_backends();
  } else {
    naming.name_addresses(service.clusterset_addresses);
  }
  return collector.take();
}

}  // namespace paddock::dns
