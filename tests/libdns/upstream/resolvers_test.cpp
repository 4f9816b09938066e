// SPDX-License-Identifier: Apache-2.0
#include "upstream/resolvers.hpp"

#include <gtest/gtest.h>

namespace paddock::dns::upstream {
namespace {

using namespace std::chrono_literals;

class ResolversTest : public ::testing::Test, public Poller, public Exchanges {
 protected:
  void watch(int, bool, bool) override {}
  void on_end(std::uint64_t, Failure, std::span<const std::uint8_t>) override {}

  const TimePoint t0{1h};
  const std::vector<std::uint8_t> nobody_{0, 0, 0};
  const Endpoint discard_{boost::asio::ip::make_address("127.0.0.1"), 9};
  Resolvers resolvers_{{discard_, discard_, discard_}, 100ms, *this, *this};
};

TEST_F(ResolversTest, AsksInTheOrderGiven) {
  EXPECT_EQ(resolvers_.choose(nobody_, 2, t0), 0U);
  EXPECT_EQ(resolvers_.choose(std::vector<std::uint8_t>{1, 0, 0}, 2, t0), 1U);
  EXPECT_EQ(resolvers_.choose(std::vector<std::uint8_t>{1, 1, 1}, 2, t0), 0U);
}

TEST_F(ResolversTest, EndsWhenEachWasAskedEnough) {
  EXPECT_EQ(resolvers_.choose(std::vector<std::uint8_t>{2, 2, 2}, 2, t0), std::nullopt);
}

TEST_F(ResolversTest, PassesOverTheOneThatFailedUntilItsTimeIsUp) {
  resolvers_.set_failed(0, t0);

  EXPECT_EQ(resolvers_.choose(nobody_, 2, t0 + 499ms), 1U);
  EXPECT_EQ(resolvers_.choose(nobody_, 2, t0 + 500ms), 0U);
}

TEST_F(ResolversTest, PassesOverForLongerWithEveryFailure) {
  resolvers_.set_failed(0, t0);
  resolvers_.set_failed(0, t0);
  EXPECT_EQ(resolvers_.choose(nobody_, 2, t0 + 999ms), 1U);

  for (int i = 0; i < 20; ++i) {
    resolvers_.set_failed(0, t0);
  }
  EXPECT_EQ(resolvers_.choose(nobody_, 2, t0 + 29s), 1U);
  EXPECT_EQ(resolvers_.choose(nobody_, 2, t0 + 30s), 0U);
}

TEST_F(ResolversTest, AnAnswerClearsItsName) {
  resolvers_.set_failed(0, t0);
  resolvers_.set_answered(0);

  EXPECT_EQ(resolvers_.choose(nobody_, 2, t0), 0U);
}

TEST_F(ResolversTest, AsksAFailedOneRatherThanNobody) {
  for (std::size_t i = 0; i < 3; ++i) {
    resolvers_.set_failed(i, t0);
  }

  EXPECT_EQ(resolvers_.choose(nobody_, 2, t0), 0U);
}

}  // namespace
}  // namespace paddock::dns::upstream
