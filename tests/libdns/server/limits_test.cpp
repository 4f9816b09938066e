// SPDX-License-Identifier: Apache-2.0
#include "server/limits.hpp"

#include <gtest/gtest.h>

namespace paddock::dns::server {
namespace {

boost::asio::ip::address address(const char* text) { return boost::asio::ip::make_address(text); }

TEST(ConnectionLimits, HoldsForAllAndForOneClient) {
  ConnectionLimits limits({.max_connections = 4, .max_connections_per_client = 2});

  EXPECT_TRUE(limits.admit(address("10.0.0.1")));
  EXPECT_TRUE(limits.admit(address("10.0.0.1")));
  EXPECT_FALSE(limits.admit(address("10.0.0.1")));
  EXPECT_TRUE(limits.admit(address("10.0.0.2")));
  EXPECT_FALSE(limits.is_crowded());
  EXPECT_TRUE(limits.admit(address("10.0.0.3")));
  EXPECT_TRUE(limits.is_crowded());
  EXPECT_FALSE(limits.admit(address("10.0.0.4")));
}

TEST(ConnectionLimits, ReleasingMakesRoom) {
  ConnectionLimits limits({.max_connections = 1, .max_connections_per_client = 1});
  ASSERT_TRUE(limits.admit(address("10.0.0.1")));

  limits.release(address("10.0.0.1"));

  EXPECT_TRUE(limits.admit(address("10.0.0.2")));
}

}  // namespace
}  // namespace paddock::dns::server
