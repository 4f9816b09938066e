// SPDX-License-Identifier: Apache-2.0
#include "netd/pool_problem.hpp"

#include <gtest/gtest.h>

namespace paddock::netd {
namespace {

using Severity = runtime::Problem::Severity;

std::optional<runtime::Problem> problem_of(std::uint64_t size, std::uint64_t taken,
                                           std::uint64_t resting) {
  return pool_problem({.network = *net::Prefix::parse("10.42.0.0/24"),
                       .size = size,
                       .taken = taken,
                       .resting = resting});
}

TEST(PoolProblem, IsSaidBeforeItHurts) {
  EXPECT_FALSE(problem_of(250, 200, 24));
  EXPECT_EQ(problem_of(250, 200, 25)->severity, Severity::warning);
  EXPECT_EQ(problem_of(250, 249, 1)->severity, Severity::error);
  EXPECT_EQ(problem_of(250, 249, 1)->text,
            "subnet 10.42.0.0/24 is used up: 249 of 250 addresses taken, 1 resting");
}

TEST(PoolProblem, IsNoneOfAClosedSubnet) { EXPECT_FALSE(problem_of(0, 3, 1)); }

}  // namespace
}  // namespace paddock::netd
