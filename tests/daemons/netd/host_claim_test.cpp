// SPDX-License-Identifier: Apache-2.0
#include "netd/host_claim.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace paddock::netd {
namespace {

TEST(HostClaim, IsSeenAndRefusesOthersHoweverOftenOneAsks) {
  {
    const HostClaim claim;
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(HostClaim::is_taken());
      EXPECT_THROW(HostClaim(), std::runtime_error);
    }
  }

  EXPECT_FALSE(HostClaim::is_taken());
  EXPECT_NO_THROW(HostClaim());
}

}  // namespace
}  // namespace paddock::netd
