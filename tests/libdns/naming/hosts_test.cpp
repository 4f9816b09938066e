// SPDX-License-Identifier: Apache-2.0
#include "libdns/ask.hpp"

#include <paddock/dns/host_naming.hpp>

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

constexpr unsigned A = LDNS_RR_TYPE_A;

std::shared_ptr<const Authority> with_hosts_of(const Service& service) {
  const HostNames names({{.origin = name("example.com")},
                         {.origin = name("apps.example.com"), .ttl = std::chrono::seconds{60}}});
  AuthorityBuilder builder(names.zones());
  EXPECT_TRUE(builder.put("service", names.service(service).records).empty());
  return builder.snapshot(test_time);
}

TEST(HostNames, HostsHaveTheAddressesOfTheBalancer) {
  const auto authority =
      with_hosts_of({.space = "shop",
                     .name = "web",
                     .outside_addresses = {ip("192.0.2.10")},
                     .hosts = {"shop.example.com", "*.apps.example.com", "shop.elsewhere.test"}});

  EXPECT_EQ(ask(*authority, {"shop.example.com", A}).answer,
            Lines{"shop.example.com. 5 IN A 192.0.2.10"});
  EXPECT_EQ(ask(*authority, {"any.apps.example.com", A}).answer,
            Lines{"any.apps.example.com. 60 IN A 192.0.2.10"});
}

TEST(HostNames, ABalancerWithANameIsAnAlias) {
  const auto authority = with_hosts_of({.space = "shop",
                                        .name = "web",
                                        .hosts = {"shop.example.com"},
                                        .outside_name = "lb-7.cloud.test"});

  EXPECT_EQ(ask(*authority, {"shop.example.com", A}).answer,
            Lines{"shop.example.com. 5 IN CNAME lb-7.cloud.test."});
}

TEST(HostNames, AHostThatIsNoNameIsReported) {
  const HostNames names({{.origin = name("example.com")}});

  const auto made = names.service({.space = "shop", .name = "web", .hosts = {"a..example.com"}});

  ASSERT_EQ(made.problems.size(), 1u);
  EXPECT_EQ(made.problems[0].subject, "service shop/web");
}

TEST(HostNames, NoHostIsAnAliasOfItself) {
  const HostNames names({{.origin = name("example.com")}});

  const auto made =
      names.service({.space = "shop",
                     .name = "web",
                     .hosts = {"lb.apps.example.com", "*.apps.example.com", "shop.example.com"},
                     .outside_name = "lb.apps.example.com"});

  ASSERT_EQ(made.records.size(), 1u);
  EXPECT_EQ(made.records[0].owner, name("shop.example.com"));
  EXPECT_EQ(made.problems.size(), 2u);
}

TEST(HostNames, ABalancerWhoseNameIsNoneIsReported) {
  const HostNames names({{.origin = name("example.com")}});

  const auto made = names.service({.space = "shop",
                                   .name = "web",
                                   .hosts = {"shop.example.com"},
                                   .outside_name = "lb..cloud.test"});

  EXPECT_TRUE(made.records.empty());
  EXPECT_EQ(made.problems.size(), 1u);
}

}  // namespace
}  // namespace paddock::dns
