// SPDX-License-Identifier: Apache-2.0
#include "libdns/ask.hpp"

#include <paddock/dns/clusterset_naming.hpp>

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

constexpr unsigned A = LDNS_RR_TYPE_A;
constexpr unsigned SRV = LDNS_RR_TYPE_SRV;
constexpr unsigned PTR = LDNS_RR_TYPE_PTR;
constexpr unsigned TXT = LDNS_RR_TYPE_TXT;

Service shared_database() {
  return {.space = "shop",
          .name = "db",
          .kind = ServiceKind::headless,
          .ports = {{.name = "pg", .number = 5432}},
          .backends = {{.addresses = {ip("10.1.0.1")}, .hostname = "db-0"},
                       {.addresses = {ip("10.1.0.5")}, .hostname = "db-0", .cluster = "east"},
                       {.addresses = {ip("10.2.0.5")}, .hostname = "db-0", .cluster = "west"},
                       {.addresses = {ip("10.2.0.6")}, .cluster = "west", .is_ready = false}}};
}

// Both the clusters' and this cluster's names.
class Both {
 public:
  explicit Both(const Service& service) {
    auto zones = local_.zones();
    for (const auto& zone : shared_.zones()) zones.push_back(zone);
    AuthorityBuilder builder(zones);
    builder.put("base", shared_.base().records);
    builder.put("space", shared_.space("shop").records);
    builder.put("shared", shared_.service(service).records);
    builder.put("local", local_.service(service).records);
    authority_ = builder.snapshot(test_time);
  }

  DnsReply ask(const std::string& asked, unsigned type = A) const {
    return dns::ask(*authority_, {asked, type});
  }

 private:
  KubernetesNames local_{{}};
  ClustersetNames shared_{{.origin = name("clusterset.local")}};
  std::shared_ptr<const Authority> authority_;
};

TEST(ClustersetNames, AServiceWithItsOwnAddressesIsKnownByThem) {
  Service web{.space = "shop",
              .name = "web",
              .addresses = {ip("10.43.0.1")},
              .clusterset_addresses = {ip("10.44.0.1")},
              .ports = {{.name = "http", .number = 80}},
              .backends = {{.addresses = {ip("10.2.0.9")}, .cluster = "west"}}};
  const Both names(web);

  EXPECT_EQ(names.ask("web.shop.svc.clusterset.local").answer,
            Lines{"web.shop.svc.clusterset.local. 5 IN A 10.44.0.1"});
  EXPECT_EQ(names.ask("_http._tcp.web.shop.svc.clusterset.local", SRV).answer.size(), 1u);
  EXPECT_EQ(names.ask("west.web.shop.svc.clusterset.local").rcode, 3u);
  EXPECT_EQ(names.ask("1.0.44.10.in-addr.arpa", PTR).rcode, 3u);
  EXPECT_EQ(names.ask("web.shop.svc.cluster.local").answer,
            Lines{"web.shop.svc.cluster.local. 5 IN A 10.43.0.1"});
}

TEST(ClustersetNames, AHeadlessServiceHasTheEndpointsOfAllClustersBelowTheirNames) {
  const Both names(shared_database());

  EXPECT_EQ(sorted(names.ask("db.shop.svc.clusterset.local").answer),
            (Lines{"db.shop.svc.clusterset.local. 5 IN A 10.1.0.5",
                   "db.shop.svc.clusterset.local. 5 IN A 10.2.0.5"}));
  EXPECT_EQ(names.ask("db-0.west.db.shop.svc.clusterset.local").answer,
            Lines{"db-0.west.db.shop.svc.clusterset.local. 5 IN A 10.2.0.5"});
  EXPECT_EQ(names.ask("db-0.db.shop.svc.clusterset.local").rcode, 3u);
  EXPECT_EQ(names.ask("west.db.shop.svc.clusterset.local").rcode, 0u);
  EXPECT_EQ(sorted(names.ask("_pg._tcp.db.shop.svc.clusterset.local", SRV).answer),
            (Lines{"_pg._tcp.db.shop.svc.clusterset.local. 5 IN SRV 0 50 5432 "
                   "db-0.east.db.shop.svc.clusterset.local.",
                   "_pg._tcp.db.shop.svc.clusterset.local. 5 IN SRV 0 50 5432 "
                   "db-0.west.db.shop.svc.clusterset.local."}));
}

TEST(ClustersetNames, EndpointsOfOtherClustersAreNotOfThisOne) {
  const Both names(shared_database());

  EXPECT_EQ(names.ask("db.shop.svc.cluster.local").answer,
            Lines{"db.shop.svc.cluster.local. 5 IN A 10.1.0.1"});
  EXPECT_EQ(names.ask("5.0.2.10.in-addr.arpa", PTR).rcode, 3u);
}

TEST(ClustersetNames, WhatIsNotSharedIsNotThere) {
  Service service = shared_database();
  service.backends.resize(1);
  const Both names(service);

  EXPECT_EQ(names.ask("db.shop.svc.clusterset.local").rcode, 3u);
  EXPECT_EQ(names.ask("shop.svc.clusterset.local").rcode, 0u);
  EXPECT_EQ(names.ask("dns-version.clusterset.local", TXT).answer,
            Lines{"dns-version.clusterset.local. 5 IN TXT \"1.0.0\""});
}

}  // namespace
}  // namespace paddock::dns
