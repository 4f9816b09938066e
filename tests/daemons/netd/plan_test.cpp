// SPDX-License-Identifier: Apache-2.0
#include "netd/plan.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iterator>

namespace paddock::netd {
namespace {

std::string first_subnet_of(const char* cluster) {
  return first_subnet(*net::Prefix::parse(cluster)).to_string();
}

TEST(NetdPlan, FirstHostTakesTheFirstSubnet) {
  EXPECT_EQ(first_subnet_of("10.42.0.0/16"), "10.42.0.0/24");
  EXPECT_EQ(first_subnet_of("10.42.7.0/26"), "10.42.7.0/26");
  EXPECT_EQ(first_subnet_of("fd42::/48"), "fd42::/64");
  EXPECT_EQ(first_subnet_of("fd42::/112"), "fd42::/112");
}

TEST(NetdPlan, SubnetsComeFromTheClusterUnlessGiven) {
  Options options;
  options.cluster_cidrs = {"10.42.0.0/16", "fd42::/48"};
  const auto by_default = host_plan(options);
  options.subnets = {"10.42.9.0/24"};
  const auto given = host_plan(options);

  ASSERT_EQ(by_default.subnets.size(), 2U);
  EXPECT_EQ(by_default.subnets[0].gateway.to_string(), "10.42.0.1");
  EXPECT_EQ(by_default.subnets[1].gateway.to_string(), "fd42::1");
  EXPECT_EQ(by_default.cluster_networks.size(), 2U);
  ASSERT_EQ(given.subnets.size(), 1U);
  EXPECT_EQ(given.subnets[0].network.to_string(), "10.42.9.0/24");
}

TEST(NetdPlan, RangesGoToTheirSubnet) {
  Options options;
  options.subnets = {"10.42.0.0/24", "fd42::/64"};
  options.ranges = {"fd42::10-fd42::20", "10.42.0.5"};

  const auto pool = pool_plan(options).common;

  EXPECT_EQ(pool.subnets[0].ranges.size(), 1U);
  EXPECT_EQ(pool.subnets[1].ranges.size(), 1U);
  options.ranges = {"10.43.0.1"};
  EXPECT_THROW((void)pool_plan(options), std::runtime_error);
}

TEST(NetdPlan, NetworksHaveSubnetsOfTheirOwn) {
  Options options;
  options.networks = {"storage=10.43.0.0/24,fd43::/64"};
  options.ranges = {"10.43.0.10-10.43.0.20"};

  const auto pools = pool_plan(options);

  ASSERT_EQ(pools.networks.size(), 1U);
  EXPECT_EQ(pools.networks.at("storage").subnets.size(), 2U);
  EXPECT_EQ(pools.networks.at("storage").subnets[0].ranges.size(), 1U);
  EXPECT_EQ(pools.subnets().size(), 3U);
  EXPECT_EQ(host_plan(options).subnets.back().gateway.to_string(), "fd43::1");
  for (const char* wrong : {"storage", "=10.43.0.0/24", "storage=", "storage=10.43.0.0/24,x"})
    EXPECT_TRUE(network_of(wrong).subnets.empty()) << wrong;
  options.networks.emplace_back("storage=10.44.0.0/24");
  EXPECT_THROW((void)pool_plan(options), std::runtime_error);
}

TEST(NetdPlan, HostsClaimOutOfTheFirstNetworkOfEachFamily) {
  Options options;
  options.cluster_cidrs = {"10.42.0.0/16", "fd42::/56", "10.43.0.0/16"};
  options.subnet_length = 25;

  const auto pools = subnet_pools(options);

  EXPECT_EQ(pools.v4->at(1)->to_string(), "10.42.0.128/25");
  EXPECT_EQ(pools.v6->at(1)->to_string(), "fd42:0:0:1::/64");
  options.subnet_length = 12;  // larger than the network
  EXPECT_THROW((void)subnet_pools(options), std::runtime_error);
}

TEST(NetdPlan, NoNameServersMeansNoHintsAtAll) {
  Options options;
  EXPECT_FALSE(dns_hints(options).empty());
  options.dns.clear();
  EXPECT_TRUE(dns_hints(options).empty());
}

TEST(NetdPlan, PackagedConfigurationIsWhatNetdWrites) {
  std::ifstream file(PACKAGED_CONFLIST);

  EXPECT_EQ(conflist("paddock"), std::string(std::istreambuf_iterator<char>(file), {}));
}

// The command line cuts lists at their commas.
TEST(NetdPlan, NetworksMayBeFlags) {
  Options options;
  runtime::OptionTable table("netd", "");
  describe(table, options);
  const std::array<const char*, 5> words{"paddock-netd", "--networks", "a=10.1.0.0/24,fd01::/64",
                                         "--networks", "b=10.2.0.0/24"};

  const auto read = runtime::parse_command_line(table, words.size(), words.data(),
                                                [](const char*) { return nullptr; });

  ASSERT_TRUE(read.problems.empty()) << read.problems[0].text;
  const auto pools = pool_plan(options);
  ASSERT_EQ(pools.networks.size(), 2U);
  EXPECT_EQ(pools.networks.at("a").subnets.size(), 2U);
  EXPECT_EQ(pools.networks.at("b").subnets.size(), 1U);
}

TEST(NetdPlan, NetworksBeginWithAName) {
  Options options;
  runtime::OptionTable table("netd", "");
  describe(table, options);
  const std::array<const char*, 3> words{"paddock-netd", "--networks", "10.1.0.0/24,a=fd01::/64"};

  const auto read = runtime::parse_command_line(table, words.size(), words.data(),
                                                [](const char*) { return nullptr; });

  ASSERT_EQ(read.problems.size(), 1U);
  EXPECT_EQ(read.problems[0].place, "--networks");
}

}  // namespace
}  // namespace paddock::netd
