// SPDX-License-Identifier: Apache-2.0
#include "libdns/ask.hpp"

#include <paddock/dns/external_naming.hpp>

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

constexpr unsigned A = LDNS_RR_TYPE_A;
constexpr unsigned AAAA = LDNS_RR_TYPE_AAAA;
constexpr unsigned SRV = LDNS_RR_TYPE_SRV;
constexpr unsigned PTR = LDNS_RR_TYPE_PTR;

std::shared_ptr<const Authority> outside(
    const Service& service, OutsideServices services = OutsideServices::with_addresses) {
  const ExternalNames names({.origin = name("example.com"), .server_addresses = {ip("192.0.2.53")}},
                            services);
  auto zones = names.zones();
  zones.push_back(zone("in-addr.arpa"));
  zones.push_back(zone("ip6.arpa"));
  AuthorityBuilder builder(zones);
  builder.put("base", names.base().records);
  builder.put("shop", names.space("shop").records);
  EXPECT_TRUE(builder.put("service", names.service(service).records).empty());
  return builder.snapshot(test_time);
}

const Service web{.space = "shop",
                  .name = "web",
                  .addresses = {ip("10.43.0.1")},
                  .outside_addresses = {ip("192.0.2.10"), ip("2001:db8::10")},
                  .ports = {{.name = "http", .number = 80}}};

TEST(ExternalNames, AServiceHasTheAddressesItHasOutside) {
  const auto authority = outside(web);

  EXPECT_EQ(ask(*authority, {"web.shop.example.com", A}).answer,
            Lines{"web.shop.example.com. 5 IN A 192.0.2.10"});
  EXPECT_EQ(ask(*authority, {"web.shop.example.com", AAAA}).answer,
            Lines{"web.shop.example.com. 5 IN AAAA 2001:db8::10"});
  const auto srv = ask(*authority, {"_http._tcp.web.shop.example.com", SRV});
  EXPECT_EQ(srv.answer,
            Lines{"_http._tcp.web.shop.example.com. 5 IN SRV 0 50 80 web.shop.example.com."});
  EXPECT_EQ(srv.additional.size(), 2u);
  EXPECT_EQ(ask(*authority, {"web.shop.example.com", SRV}).answer.size(), 1u);
  EXPECT_EQ(ask(*authority, {"10.2.0.192.in-addr.arpa", PTR}).answer,
            Lines{"10.2.0.192.in-addr.arpa. 5 IN PTR web.shop.example.com."});
}

TEST(ExternalNames, TheApexHasItsNameServerBelowDns) {
  const auto authority = outside(web);

  const auto ns = ask(*authority, {"example.com", LDNS_RR_TYPE_NS});
  EXPECT_EQ(ns.answer, Lines{"example.com. 5 IN NS ns1.dns.example.com."});
  EXPECT_EQ(ns.additional, Lines{"ns1.dns.example.com. 5 IN A 192.0.2.53"});
  EXPECT_EQ(ask(*authority, {"example.com", LDNS_RR_TYPE_SOA}).answer,
            Lines{"example.com. 5 IN SOA ns1.dns.example.com. hostmaster.dns.example.com. "
                  "1700000000 7200 1800 86400 5"});
}

TEST(ExternalNames, TheApexLabelMayBeAnother) {
  const ExternalNames names({.origin = name("example.com"), .server_addresses = {ip("192.0.2.53")}},
                            OutsideServices::with_addresses, "kube");
  AuthorityBuilder builder(names.zones());
  builder.put("base", names.base().records);
  const auto authority = builder.snapshot(test_time);

  EXPECT_EQ(ask(*authority, {"example.com", LDNS_RR_TYPE_NS}).answer,
            Lines{"example.com. 5 IN NS ns1.kube.example.com."});
  EXPECT_EQ(ask(*authority, {"ns1.kube.example.com", A}).answer,
            Lines{"ns1.kube.example.com. 5 IN A 192.0.2.53"});
  EXPECT_EQ(ask(*authority, {"kube.example.com", A}).rcode, LDNS_RCODE_NOERROR);
  EXPECT_EQ(ask(*authority, {"dns.example.com", A}).rcode, LDNS_RCODE_NXDOMAIN);
}

TEST(ExternalNames, WhatHasNoAddressOutsideIsNotThere) {
  Service inside = web;
  inside.outside_addresses.clear();
  const auto authority = outside(inside);

  EXPECT_EQ(ask(*authority, {"web.shop.example.com", A}).rcode, 3u);
  EXPECT_EQ(ask(*authority, {"shop.example.com", A}).rcode, 0u);  // the namespace
  EXPECT_EQ(ask(*authority, {"bank.example.com", A}).rcode, 3u);
}

TEST(ExternalNames, ALoadBalancerThatHasANameIsAnAlias) {
  Service balanced = web;
  balanced.outside_addresses.clear();
  balanced.outside_name = "lb-7.cloud.test";
  const auto authority = outside(balanced);

  for (const unsigned type : {A, AAAA, SRV}) {
    EXPECT_EQ(ask(*authority, {"web.shop.example.com", type}).answer,
              Lines{"web.shop.example.com. 5 IN CNAME lb-7.cloud.test."});
  }
  EXPECT_EQ(ask(*authority, {"_http._tcp.web.shop.example.com", SRV}).answer,
            Lines{"_http._tcp.web.shop.example.com. 5 IN SRV 0 100 80 lb-7.cloud.test."});
  EXPECT_EQ(ask(*authority, {"_dns._udp.web.shop.example.com", SRV}).rcode, 3u);

  balanced.outside_name = "web.shop.example.com";  // itself
  EXPECT_EQ(ask(*outside(balanced), {"web.shop.example.com", A}).rcode, 3u);
}

TEST(ExternalNames, HeadlessServicesOnRequest) {
  const Service db{.space = "shop",
                   .name = "db",
                   .kind = ServiceKind::headless,
                   .ports = {{.name = "pg", .number = 5432}},
                   .backends = {{.addresses = {ip("10.1.0.5")}, .hostname = "db-0"},
                                {.addresses = {ip("10.1.0.6")}, .is_ready = false}}};

  EXPECT_EQ(ask(*outside(db), {"db.shop.example.com", A}).rcode, 3u);
  const auto authority = outside(db, OutsideServices::and_headless);
  EXPECT_EQ(ask(*authority, {"db.shop.example.com", A}).answer.size(), 1u);
  EXPECT_EQ(ask(*authority, {"db-0.db.shop.example.com", A}).answer,
            Lines{"db-0.db.shop.example.com. 5 IN A 10.1.0.5"});
  EXPECT_EQ(ask(*authority, {"_pg._tcp.db.shop.example.com", SRV}).answer.size(), 1u);
  EXPECT_EQ(ask(*authority, {"db-0.db.shop.example.com", SRV}).answer,
            Lines{"db-0.db.shop.example.com. 5 IN SRV 0 100 5432 db-0.db.shop.example.com."});
}

}  // namespace
}  // namespace paddock::dns
