// SPDX-License-Identifier: Apache-2.0
//
// The names that services give themselves outside the cluster, as the hosts of an Ingress are. Pure
// functions, as naming.hpp's.
#pragma once

#include <paddock/dns/naming.hpp>

#include <vector>

namespace paddock::dns {

class PADDOCK_DNS_EXPORT HostNames {
 public:
  // A host in several of the zones is in the longest one.
  explicit HostNames(std::vector<ServiceZone> zones);

  // Forward zones that may hold a part of what the names' owner publishes: what is missing in one
  // is asked of others.
  std::vector<ZoneSpec> zones() const;

  // Each of Service::hosts that is in a zone: its outside_addresses, else its outside_name.
  Contribution service(const Service& service) const;

 private:
  const ServiceZone* zone_of(const Name& host) const;

  std::vector<ServiceZone> zones_;
};

}  // namespace paddock::dns
