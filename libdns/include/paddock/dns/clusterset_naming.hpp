// SPDX-License-Identifier: Apache-2.0
//
// The names of services that several clusters share, as the Multi-Cluster Services DNS
// specification (KEP-1645) has them. Pure functions, as naming.hpp's.
#pragma once

#include <paddock/dns/naming.hpp>

#include <string_view>
#include <vector>

namespace paddock::dns {

class PADDOCK_DNS_EXPORT ClustersetNames {
 public:
  // By custom the zone is clusterset.local.
  explicit ClustersetNames(ServiceZone zone);

  // The forward zone; there are no reverse names, as an address has one in its own cluster.
  std::vector<ZoneSpec> zones() const;

  Contribution base() const;
  Contribution space(std::string_view name) const;

  // Of a service with Service::clusterset_addresses these; of another the backends that have a
  // cluster, each below its cluster's name.
  Contribution service(const Service& service) const;

 private:
  ServiceZone zone_;
};

}  // namespace paddock::dns
