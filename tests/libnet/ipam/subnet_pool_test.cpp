// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/subnet_pool.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace paddock::net {
namespace {

Prefix prefix(const char* text) { return Prefix::parse(text).value(); }

SubnetPool pool(const char* network, unsigned length) {
  return SubnetPool::make(prefix(network), length).value();
}

std::vector<std::string> names(const std::vector<Prefix>& subnets) {
  std::vector<std::string> all;
  for (const auto& subnet : subnets) all.push_back(subnet.to_string());
  return all;
}

using Names = std::vector<std::string>;

TEST(SubnetPool, GivesSubnetsInOrder) {
  EXPECT_EQ(names(pool("10.42.0.0/22", 24).free({}, 9)),
            (Names{"10.42.0.0/24", "10.42.1.0/24", "10.42.2.0/24", "10.42.3.0/24"}));
}

TEST(SubnetPool, LeavesOutWhatOverlapsTakenOnes) {
  // given: a larger, an equal and two smaller ones within a subnet, in no order
  const std::vector<Prefix> taken{prefix("10.42.5.128/26"), prefix("10.42.5.0/26"),
                                  prefix("10.42.2.0/23"), prefix("10.42.0.0/24"),
                                  prefix("fd00::/64")};
  EXPECT_EQ(names(pool("10.42.0.0/21", 24).free(taken, 9)),
            (Names{"10.42.1.0/24", "10.42.4.0/24", "10.42.6.0/24", "10.42.7.0/24"}));
}

TEST(SubnetPool, GoesOnAtTheFront) {
  const auto from = boost::asio::ip::make_address("10.42.2.77");
  EXPECT_EQ(names(pool("10.42.0.0/22", 24).free({}, 9, from)),
            (Names{"10.42.2.0/24", "10.42.3.0/24", "10.42.0.0/24", "10.42.1.0/24"}));
}

TEST(SubnetPool, IsEmptyWhenAllIsTaken) {
  const std::vector<Prefix> taken{prefix("10.0.0.0/8")};
  EXPECT_TRUE(pool("10.42.0.0/22", 24).free(taken, 9).empty());
}

TEST(SubnetPool, ReachesTheEndsOfTheAddressSpace) {
  EXPECT_EQ(names(pool("255.255.255.0/24", 25).free({}, 9)),
            (Names{"255.255.255.0/25", "255.255.255.128/25"}));
  const auto edge = boost::asio::ip::make_address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
  EXPECT_EQ(pool("::/0", 1).free({}, 9, edge).size(), 2U);
}

TEST(SubnetPool, IsAsQuickInAHugeNetwork) {
  const auto first = pool("fd00::/16", 64).free({}, 2);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first.back(), prefix("fd00:0:0:1::/64"));
}

TEST(SubnetPool, RefusesSubnetsThatDoNotFit) {
  EXPECT_FALSE(SubnetPool::make(prefix("10.42.0.0/16"), 15));
  EXPECT_FALSE(SubnetPool::make(prefix("10.42.0.0/16"), 31));
  EXPECT_FALSE(SubnetPool::make(prefix("fd00::/48"), 127));
}

TEST(SubnetPool, CountsItsSubnets) {
  auto some = pool("fd00::/48", 64);
  some.first = boost::asio::ip::make_address("fd00:0:0:1::");
  EXPECT_EQ(some.at(0), prefix("fd00:0:0:1::/64"));
  EXPECT_EQ(some.index_of(prefix("fd00:0:0:8::/64")), 7U);
  EXPECT_EQ(some.at(65534), prefix("fd00:0:0:ffff::/64"));
  EXPECT_FALSE(some.at(65535));
  EXPECT_FALSE(some.index_of(prefix("fd00::/64")));
}

TEST(SubnetPool, KnowsItsSubnets) {
  auto some = pool("10.42.0.0/16", 24);
  some.first = boost::asio::ip::make_address("10.42.8.0");
  EXPECT_TRUE(some.contains(prefix("10.42.8.0/24")));
  EXPECT_FALSE(some.contains(prefix("10.42.7.0/24")));
  EXPECT_FALSE(some.contains(prefix("10.42.8.0/25")));
  EXPECT_FALSE(some.contains(prefix("10.42.8.1/24")));
  EXPECT_FALSE(some.contains(prefix("fd00::/24")));
}

}  // namespace
}  // namespace paddock::net
