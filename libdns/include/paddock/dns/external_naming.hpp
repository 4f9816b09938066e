// SPDX-License-Identifier: Apache-2.0
//
// The names of services for those outside the cluster, as CoreDNS' k8s_external has them:
// <service>.<namespace>.<zone>, the addresses those of load balancers and external IPs. Pure
// functions, as naming.hpp's.
#pragma once

#include <paddock/dns/naming.hpp>

#include <chrono>
#include <string_view>
#include <vector>

namespace paddock::dns {

class PADDOCK_DNS_EXPORT ExternalNames {
 public:
  struct Options {
    Name zone;
    std::chrono::seconds ttl{5};
    bool headless = false;  // headless services too, by their endpoints
    std::vector<boost::asio::ip::address> server_addresses{};  // of ns1.dns.<zone>
  };

  explicit ExternalNames(Options options);

  // The forward zone. PTR records lead from whatever reverse zones there are.
  std::vector<ZoneSpec> zones() const;

  Contribution base() const;
  Contribution space(std::string_view name) const;

  // Nothing for a service that has no address outside.
  Contribution service(const Service& service) const;

 private:
  Options options_;
};

}  // namespace paddock::dns
