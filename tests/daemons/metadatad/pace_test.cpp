// SPDX-License-Identifier: Apache-2.0
#include "metadatad/pace.hpp"

#include <gtest/gtest.h>

namespace paddock::metadatad {
namespace {

using namespace std::chrono_literals;

TEST(Pace, NothingIsDueThatNobodyAskedFor) {
  Pace pace(0ms);
  EXPECT_FALSE(pace.take());
  EXPECT_EQ(pace.pause(1s), 1s);
}

TEST(Pace, TheFirstToAskWaitsForNothingAndThoseAfterItForTheirTurn) {
  Pace pace(24h);
  pace.ask();
  EXPECT_EQ(pace.pause(1s), 0ms);
  EXPECT_TRUE(pace.take());
  pace.ask();
  EXPECT_FALSE(pace.take());
  EXPECT_EQ(pace.pause(1s), 1s);
  EXPECT_GT(pace.pause(48h), 1h);
}

TEST(Pace, ManyWhoAskHaveOneTurn) {
  Pace pace(0ms);
  pace.ask();
  pace.ask();
  EXPECT_TRUE(pace.take());
  EXPECT_FALSE(pace.take());
}

}  // namespace
}  // namespace paddock::metadatad
