// SPDX-License-Identifier: Apache-2.0
#include "naming/collector.hpp"

#include <paddock/dns/host_naming.hpp>

#include <utility>

namespace paddock::dns {
namespace {

// Whether a CNAME from one to the other would be answered with itself.
bool leads_to_itself(const Name& host, const Name& target) {
  const bool is_wildcard = host.wire()[0] == 1 && host.wire()[1] == '*';
  return is_wildcard ? target.is_within(host.parent()) : target == host;
}

}  // namespace

HostNames::HostNames(std::vector<ServiceZone> zones) : zones_(std::move(zones)) {}

std::vector<ZoneSpec> HostNames::zones() const {
  std::vector<ZoneSpec> specs;
  for (const auto& zone : zones_) {
    specs.push_back(spec_of(zone));
    specs.back().missing = Missing::forward;
  }
  return specs;
}

const ServiceZone* HostNames::zone_of(const Name& host) const {
  const ServiceZone* found = nullptr;
  for (const auto& zone : zones_) {
    const bool is_longer = found == nullptr || zone.origin.is_within(found->origin);
    if (host.is_within(zone.origin) && is_longer) found = &zone;
  }
  return found;
}

Contribution HostNames::service(const Service& service) const {
  Contribution contribution;
  const auto subject = subject_of("service", service.space, service.name);
  for (const auto& host : service.hosts) {
    const auto name = Name::parse(host);
    if (!name) {
      contribution.problems.push_back({subject, "host " + host + ": " + name.error().text});
      continue;
    }
    const ServiceZone* zone = zone_of(*name);
    if (zone == nullptr) continue;
    for (const auto& address : service.outside_addresses) {
      contribution.records.push_back(address_record(*name, address, zone->ttl));
    }
    if (!service.outside_addresses.empty() || service.outside_name.empty()) continue;
    const auto target = Name::parse(service.outside_name);
    if (!target) {
      contribution.problems.push_back(
          {subject, "outside name " + service.outside_name + ": " + target.error().text});
    } else if (leads_to_itself(*name, *target)) {
      contribution.problems.push_back(
          {subject, "host " + host + " would stand for itself: its outside name is " +
                        service.outside_name});
    } else {
      contribution.records.push_back(cname_record(*name, *target, zone->ttl));
    }
  }
  return contribution;
}

}  // namespace paddock::dns
