// SPDX-License-Identifier: Apache-2.0
//
// The names of services for those outside the cluster, as CoreDNS' k8s_external has them:
// <service>.<namespace>.<zone>, the addresses those of load balancers and external IPs, or an alias
// of the load balancer's name. Pure functions, as naming.hpp's.
#pragma once

#include <paddock/dns/naming.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace paddock::dns {

enum class OutsideServices : std::uint8_t {
  with_addresses,  // those that have addresses outside
  and_headless,    // headless services too, by their endpoints
};

class PADDOCK_DNS_EXPORT ExternalNames {
 public:
  // The name server is ns1.<apex>.<zone>. `apex` is a label.
  explicit ExternalNames(ServiceZone zone,
                         OutsideServices services = OutsideServices::with_addresses,
                         std::string_view apex = "dns");

  // The forward zone. PTR records lead from whatever reverse zones there are.
  std::vector<ZoneSpec> zones() const;

  Contribution base() const;
  Contribution space(std::string_view name) const;

  // Nothing for a service that has neither an address nor a name outside.
  Contribution service(const Service& service) const;

 private:
  ServiceZone zone_;
  OutsideServices services_;
  Name apex_;
};

}  // namespace paddock::dns
