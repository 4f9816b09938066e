// SPDX-License-Identifier: Apache-2.0
#include "pods/pools.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace paddock::net {
namespace {

PoolOptions pool(const char* name, const char* subnet) {
  return {.name = name,
          .subnets = {{.network = *Prefix::parse(subnet), .gateway = {}, .ranges = {}}},
          .exclusions = {}};
}

std::string first_of(AddressPool& pool) { return pool.take({}, {}).value().front().to_string(); }

TEST(Pools, ANetworkHasItsOwnPoolOrSharesTheCommonOne) {
  Pools pools(pool("paddock", "10.42.0.0/24"), {{"storage", pool("storage", "10.43.0.0/24")}});

  EXPECT_EQ(first_of(pools.of("storage")), "10.43.0.2");
  EXPECT_EQ(first_of(pools.of("paddock")), "10.42.0.2");
  EXPECT_EQ(first_of(pools.of("any")), "10.42.0.3");
  EXPECT_EQ(pools.usage({}).size(), 2U);
}

TEST(Pools, AnAddressLeadsToItsPool) {
  Pools pools(pool("paddock", "10.42.0.0/24"), {{"storage", pool("storage", "10.43.0.0/24")}});

  EXPECT_EQ(pools.holding(boost::asio::ip::make_address("10.43.0.9")), &pools.of("storage"));
  EXPECT_EQ(pools.holding(boost::asio::ip::make_address("10.44.0.9")), nullptr);
}

TEST(Pools, OverlapIsRefusedByName) {
  try {
    const Pools pools(pool("paddock", "10.42.0.0/16"),
                      {{"storage", pool("storage", "10.42.9.0/24")}});
    FAIL() << "accepted";
  } catch (const std::invalid_argument& refused) {
    EXPECT_NE(std::string(refused.what()).find("storage"), std::string::npos);
    EXPECT_NE(std::string(refused.what()).find("10.42.0.0/16"), std::string::npos);
  }
}

}  // namespace
}  // namespace paddock::net
