// SPDX-License-Identifier: Apache-2.0
//
// The names of services that several clusters share, as the Multi-Cluster Services DNS
// specification (KEP-1645) has them. Pure functions, as naming.hpp's.
#pragma once

#include <paddock/dns/naming.hpp>

#include <chrono>
#include <string_view>
#include <vector>

namespace paddock::dns {

class PADDOCK_DNS_EXPORT ClustersetNames {
 public:
  struct Options {
    Name zone = Name::parse("clusterset.local").value();
    std::chrono::seconds ttl{5};
    std::vector<boost::asio::ip::address> server_addresses{};
  };

  explicit ClustersetNames(Options options);

  // The forward zone; there are no reverse names, as an address has one in its own cluster.
  std::vector<ZoneSpec> zones() const;

  Contribution base() const;
  Contribution space(std::string_view name) const;

  // Of a service with Service::clusterset_addresses these; of another the backends that have a
  // cluster, each below its cluster's name.
  Contribution service(const Service& service) const;

 private:
  Options options_;
};

}  // namespace paddock::dns
