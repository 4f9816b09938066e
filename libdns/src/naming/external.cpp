// SPDX-License-Identifier: Apache-2.0
#include "naming/service_naming.hpp"

#include <paddock/dns/external_naming.hpp>

namespace paddock::dns {

ExternalNames::ExternalNames(ServiceZone zone, OutsideServices services, std::string_view apex)
    : zone_(std::move(zone)), services_(services), apex_(below(zone_.origin, apex)) {}

std::vector<ZoneSpec> ExternalNames::zones() const {
  ZoneSpec spec = spec_of(zone_);
  spec.mname = below(apex_, "ns1");
  spec.rname = below(apex_, "hostmaster");
  return {std::move(spec)};
}

Contribution ExternalNames::base() const {
  Collector collector("zone " + zone_.origin.format(), zone_.ttl);
  add_name_server(collector, below(apex_, "ns1"), zone_.server_addresses);
  return collector.take();
}

Contribution ExternalNames::space(std::string_view name) const {
  Collector collector("namespace " + std::string(name), zone_.ttl);
  if (const auto space = collector.label(zone_.origin, name, "name")) {
    collector.add_existence(*space);
  }
  return collector.take();
}

Contribution ExternalNames::service(const Service& service) const {
  Collector collector(subject_of("service", service.space, service.name), zone_.ttl);
  const bool by_endpoints =
      services_ == OutsideServices::and_headless && service.kind == ServiceKind::headless;
  const bool by_name = service.kind == ServiceKind::cluster_ip && !service.outside_name.empty();
  if (service.outside_addresses.empty() && !by_endpoints && !by_name) return collector.take();
  const auto space = collector.label(zone_.origin, service.space, "namespace");
  const auto name = space ? collector.label(*space, service.name, "name") : std::nullopt;
  if (!name) return collector.take();
  const ServiceStyle by_address{};
  const ServiceStyle by_endpoint{.has_reverse = false,  // that is the cluster's own name
                                 .has_endpoint_ports = true};
  if (!service.outside_addresses.empty()) {
    ServiceNaming(service, by_address, collector, *name).name_addresses(service.outside_addresses);
  } else if (by_endpoints) {
    ServiceNaming(service, by_endpoint, collector, *name).name_backends();
  } else if (const auto target = Name::parse(service.outside_name)) {
    ServiceNaming(service, by_address, collector, *name).name_elsewhere(*target);
  } else {
    collector.report("outside name: " + target.error().text);
  }
  return collector.take();
}

}  // namespace paddock::dns
