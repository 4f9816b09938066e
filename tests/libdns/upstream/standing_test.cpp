// SPDX-License-Identifier: Apache-2.0
#include "upstream/standing.hpp"

#include <gtest/gtest.h>

namespace paddock::dns::upstream {
namespace {

using namespace std::chrono_literals;

const TimePoint t0{1h};

TEST(Standing, IsPassedOverUntilItsTimeIsUpAndForLongerEachTime) {
  Standing standing;
  EXPECT_TRUE(standing.is_trusted(t0));

  standing.failed(t0);
  EXPECT_FALSE(standing.is_trusted(t0 + 499ms));
  EXPECT_TRUE(standing.is_trusted(t0 + 500ms));
  standing.failed(t0);
  EXPECT_FALSE(standing.is_trusted(t0 + 999ms));

  for (int i = 0; i < 20; ++i) {
    standing.failed(t0);
  }
  EXPECT_FALSE(standing.is_trusted(t0 + 29s));
  EXPECT_TRUE(standing.is_trusted(t0 + 30s));
}

TEST(Standing, AnAnswerClearsItsName) {
  Standing standing;
  standing.failed(t0);

  standing.answered(1ms, t0);

  EXPECT_TRUE(standing.is_trusted(t0));
}

TEST(Standing, BeingOvertakenFourTimesInARowIsAFailure) {
  Standing standing;
  for (int i = 0; i < 3; ++i) {
    standing.overtaken(t0);
  }
  standing.answered(1ms, t0);
  for (int i = 0; i < 3; ++i) {
    standing.overtaken(t0);
  }
  EXPECT_TRUE(standing.is_trusted(t0));

  standing.overtaken(t0);

  EXPECT_FALSE(standing.is_trusted(t0));
}

TEST(Standing, FindsHowLongMostAnswersTake) {
  Standing standing;
  for (int i = 0; i < 2000; ++i) {  // 10 of 100 take 50 ms, the others 1 to 9
    standing.answered(i % 10 == 0 ? 50ms : std::chrono::milliseconds(i % 10), t0);
  }

  EXPECT_GT(standing.slow_answer(), 40ms);
  EXPECT_LT(standing.slow_answer(), 75ms);
}

TEST(Standing, IsUnknownUntilItAnswers) {
  Standing standing;
  EXPECT_EQ(standing.slow_answer(), 0ms);
  EXPECT_TRUE(standing.wants_probe(t0));

  standing.answered(10ms, t0);

  EXPECT_FALSE(standing.wants_probe(t0 + 4s));
  EXPECT_TRUE(standing.wants_probe(t0 + 5s));
}

}  // namespace
}  // namespace paddock::dns::upstream
