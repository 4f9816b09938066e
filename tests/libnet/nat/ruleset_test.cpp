// SPDX-License-Identifier: Apache-2.0
#include "nat/ruleset.hpp"

#include <gtest/gtest.h>

namespace paddock::net::nat {
namespace {

HostPlan plan(const std::vector<std::string>& cluster) {
  HostPlan plan;
  plan.subnets = {
      {Prefix::parse("10.42.3.0/24").value(), boost::asio::ip::make_address("10.42.3.1")}};
  for (const std::string& network : cluster) {
    plan.cluster_networks.push_back(Prefix::parse(network).value());
  }
  return plan;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Ruleset, PutsNetworksInSetsInOrderAndOnce) {
  const std::string text =
      ruleset(plan({"192.168.0.0/16", "10.42.9.0/24", "10.42.0.0/16", "9.0.0.0/8"}));

  EXPECT_TRUE(has(text, "elements = { 9.0.0.0/8, 10.42.0.0/16, 192.168.0.0/16 }")) << text;
  EXPECT_TRUE(has(text, "elements = { 10.42.3.0/24 }")) << text;
}

TEST(Ruleset, CountsOwnSubnetsToTheCluster) {
  EXPECT_TRUE(has(ruleset(plan({})),
                  "set cluster4 {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\t"
                  "elements = { 10.42.3.0/24 }"));
}

TEST(Ruleset, WritesAnEmptySetWithoutElements) {
  EXPECT_TRUE(has(ruleset(plan({})), "set pods6 {\n\t\ttype ipv6_addr\n\t\tflags interval\n\t}\n"));
}

TEST(Ruleset, DoesNotTrackNamesWhereTheHostAnswersThem) {
  HostPlan both = plan({});
  both.service_addresses = {boost::asio::ip::make_address("169.254.169.250"),
                            boost::asio::ip::make_address("10.96.0.10"),
                            boost::asio::ip::make_address("fd96::a")};

  const std::string text = ruleset(both);

  EXPECT_TRUE(has(text,
                  "set services4 {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\t"
                  "elements = { 10.96.0.10, 169.254.169.250 }\n"))
      << text;
  EXPECT_TRUE(has(text, "elements = { fd96::a }\n")) << text;
  EXPECT_TRUE(has(text, "ip daddr @services4 meta l4proto { tcp, udp } th dport 53 notrack\n"));
  EXPECT_TRUE(has(text, "ip6 saddr @services6 meta l4proto { tcp, udp } th sport 53 notrack\n"));
}

TEST(Ruleset, TranslatesNoAddressesWhenNotAskedTo) {
  HostPlan quiet = plan({});
  quiet.masquerade = false;

  const std::string text = ruleset(quiet);

  EXPECT_FALSE(has(text, "@cluster4"));
  EXPECT_TRUE(has(text, "ct status dnat")) << "but answers from mapped ports come back";
  EXPECT_TRUE(has(text, "fib saddr . iif oif missing drop")) << "but sources are still checked";
}

}  // namespace
}  // namespace paddock::net::nat
