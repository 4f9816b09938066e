// SPDX-License-Identifier: Apache-2.0
#include "upstream/resolvers.hpp"

#include <gtest/gtest.h>

namespace paddock::dns::upstream {
namespace {

using namespace std::chrono_literals;

class ResolversTest : public ::testing::Test, public Poller, public Exchanges {
 protected:
  static std::vector<Upstream> three() {
    std::vector<Upstream> upstreams;
    for (std::uint16_t port = 9; port < 12; ++port) {
      upstreams.push_back({.endpoint = {boost::asio::ip::make_address("127.0.0.1"), port}});
    }
    return upstreams;
  }

  void watch(int, bool, bool) override {}
  void on_end(std::uint64_t, Failure, std::span<const std::uint8_t>) override {}

  std::optional<std::size_t> choose(std::vector<std::uint8_t> asked, TimePoint now,
                                    Preference preference = Preference::fastest) {
    return resolvers_.choose(group_, asked, 2, preference, now);
  }

  const TimePoint t0{1h};
  const std::vector<std::uint8_t> nobody_{0, 0, 0};
  const Group group_{.id = 0, .members = {0, 1, 2}};
  Resolvers resolvers_{three(), 100ms, nullptr, *this, *this};
};

TEST_F(ResolversTest, AsksInTheOrderGivenWhenNothingElseSpeaksForOne) {
  EXPECT_EQ(choose(nobody_, t0), 0U);
  EXPECT_EQ(choose({1, 0, 0}, t0), 1U);
  EXPECT_EQ(choose({1, 1, 1}, t0), 0U);
}

TEST_F(ResolversTest, EndsWhenEachWasAskedEnough) {
  EXPECT_EQ(choose({2, 2, 2}, t0), std::nullopt);
}

TEST_F(ResolversTest, PrefersTheFasterUnlessTheOrderCounts) {
  resolvers_.standing(0).answered(80ms, t0);
  resolvers_.standing(1).answered(9ms, t0);
  resolvers_.standing(2).answered(8ms, t0);

  EXPECT_EQ(choose(nobody_, t0), 1U) << "about as fast as the third, and before it";
  EXPECT_EQ(choose({0, 1, 0}, t0), 2U);
  EXPECT_EQ(choose(nobody_, t0, Preference::ordered), 0U);
}

TEST_F(ResolversTest, AsksOneThatFailedRatherThanNobody) {
  for (std::size_t i = 0; i < 3; ++i) {
    resolvers_.standing(i).failed(t0);
  }

  EXPECT_EQ(choose(nobody_, t0), 0U);
  resolvers_.standing(2).answered(1ms, t0);
  EXPECT_EQ(choose(nobody_, t0), 2U);
}

TEST_F(ResolversTest, ProbesWhatWasNotSeenForAWhile) {
  EXPECT_EQ(resolvers_.choose_probe(group_, 0, t0), 1U);
  resolvers_.standing(1).probed(t0);
  EXPECT_EQ(resolvers_.choose_probe(group_, 0, t0), 2U);
  resolvers_.standing(2).answered(1ms, t0);
  EXPECT_EQ(resolvers_.choose_probe(group_, 0, t0), std::nullopt);
  EXPECT_EQ(resolvers_.choose_probe(group_, 0, t0 + 5s), 1U);
}

TEST_F(ResolversTest, RemembersWhatItKnewOfThoseThatStay) {
  resolvers_.standing(1).answered(1ms, t0);
  auto others = three();
  others.erase(others.begin());
  Resolvers next(others, 100ms, nullptr, *this, *this);

  next.remember(resolvers_);

  EXPECT_EQ(next.standing(0).slow_answer(), 2ms);
  EXPECT_EQ(next.standing(1).slow_answer(), 0ms);
}

}  // namespace
}  // namespace paddock::dns::upstream
