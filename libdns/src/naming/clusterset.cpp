// SPDX-License-Identifier: Apache-2.0
#include "naming/service_naming.hpp"

#include <paddock/dns/clusterset_naming.hpp>

#include <algorithm>

namespace paddock::dns {

ClustersetNames::ClustersetNames(Options options) : options_(std::move(options)) {}

std::vector<ZoneSpec> ClustersetNames::zones() const {
  return {{.origin = options_.zone,
           .ttl = options_.ttl,
           .negative_ttl = options_.ttl,
           .missing = Missing::nxdomain,
           .content = Content::learnt}};
}

Contribution ClustersetNames::base() const {
  Collector collector("zone " + options_.zone.format(), options_.ttl);
  collector.add(txt_record(below(options_.zone, "dns-version"), "1.0.0", options_.ttl));
  collector.add_existence(below(options_.zone, "svc"));
  add_name_server(collector, below(below(options_.zone, "dns"), "ns"), options_.server_addresses);
  return collector.take();
}

Contribution ClustersetNames::space(std::string_view name) const {
  Collector collector("namespace " + std::string(name), options_.ttl);
  if (const auto space = collector.label(below(options_.zone, "svc"), name, "name")) {
    collector.add_existence(*space);
  }
  return collector.take();
}

Contribution ClustersetNames::service(const Service& service) const {
  Collector collector(subject_of("service", service.space, service.name), options_.ttl);
  const bool is_shared =
      !service.clusterset_addresses.empty() ||
      std::ranges::any_of(service.backends, [](const auto& b) { return !b.cluster.empty(); });
  if (!is_shared) return collector.take();
  const auto space = collector.label(below(options_.zone, "svc"), service.space, "namespace");
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
