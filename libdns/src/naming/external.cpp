// SPDX-License-Identifier: Apache-2.0
#include "naming/service_naming.hpp"

#include <paddock/dns/external_naming.hpp>

namespace paddock::dns {

ExternalNames::ExternalNames(Options options) : options_(std::move(options)) {}

std::vector<ZoneSpec> ExternalNames::zones() const {
  const Name apex = below(options_.zone, "dns");
  return {{.origin = options_.zone,
           .ttl = options_.ttl,
           .negative_ttl = options_.ttl,
           .missing = Missing::nxdomain,
           .content = Content::learnt,
           .mname = below(apex, "ns1"),
           .rname = below(apex, "hostmaster")}};
}

Contribution ExternalNames::base() const {
  Collector collector("zone " + options_.zone.format(), options_.ttl);
  add_name_server(collector, below(below(options_.zone, "dns"), "ns1"), options_.server_addresses);
  return collector.take();
}

Contribution ExternalNames::space(std::string_view name) const {
  Collector collector("namespace " + std::string(name), options_.ttl);
  if (const auto space = collector.label(options_.zone, name, "name")) {
    collector.add_existence(*space);
  }
  return collector.take();
}

Contribution ExternalNames::service(const Service& service) const {
  Collector collector(subject_of("service", service.space, service.name), options_.ttl);
  const bool by_endpoints = options_.headless && service.kind == ServiceKind::headless;
  if (service.outside_addresses.empty() && !by_endpoints) return collector.take();
  const auto space = collector.label(options_.zone, service.space, "namespace");
  const auto name = space ? collector.label(*space, service.name, "name") : std::nullopt;
  if (!name) return collector.take();
  const ServiceStyle by_address{};
  const ServiceStyle by_endpoint{.has_reverse = false};  // that is the cluster's own name
  if (service.outside_addresses.empty()) {
    ServiceNaming(service, by_endpoint, collector, *name).name_backends();
  } else {
    ServiceNaming(service, by_address, collector, *name).name_addresses(service.outside_addresses);
  }
  return collector.take();
}

}  // namespace paddock::dns
