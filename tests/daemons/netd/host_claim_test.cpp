// SPDX-License-Identifier: Apache-2.0
#include "netd/host_claim.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <stdexcept>
#include <thread>

namespace paddock::netd {
namespace {

void claim_again_and_again() {
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "a netd may run here: that needs root";
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

TEST(HostClaim, IsSeenAndRefusesOthersHoweverOftenOneAsks) {
  std::thread(claim_again_and_again).join();
}

}  // namespace
}  // namespace paddock::netd
