// SPDX-License-Identifier: Apache-2.0
#include "netd/subnet_claims.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace paddock::netd {
namespace {

using namespace std::chrono_literals;

constexpr auto grace = 1000ms;
constexpr auto longest = grace + grace / 4;

net::Prefix prefix(const char* text) { return net::Prefix::parse(text).value(); }

// A cluster with one claim, and a clock to look at it by.
class AbandonedClaimsTest : public testing::Test {
 protected:
  AbandonedClaimsTest() { write("uid-1"); }

  void write(const char* host_uid) {
    metadata::Host holder;
    holder.name = "gone";
    holder.uid = host_uid;
    auto claim = std::make_shared<metadata::Subnet>(
        claim_of({.v4 = prefix("10.42.3.0/24"), .v6 = prefix("fd00:0:0:3::/64")}, holder));
    claim->revision = ++revision_;
    draft_.put(claim);
  }
  void add_host() {
    auto host = std::make_shared<metadata::Host>();
    host->name = "gone";
    draft_.put(host);
  }
  void remove_host() { draft_.erase({metadata::Kind::host, "", "gone"}); }
  void add_pod(const char* host, const char* address) {
    auto pod = std::make_shared<metadata::Pod>();
    pod->ns = "shop";
    pod->name = "web";
    pod->host = host;
    pod->addresses = {boost::asio::ip::make_address(address)};
    draft_.put(pod);
  }
  std::size_t due_after(std::chrono::milliseconds time) {
    return claims_.due(draft_.cluster(), begin_ + time).size();
  }

  metadata::Draft draft_;
  std::uint64_t revision_ = 0;
  AbandonedClaims claims_{grace};
  const AbandonedClaims::Time begin_{1000h};
};

TEST_F(AbandonedClaimsTest, AreThoseOfAHostThatWasGoneForTheGraceTime) {
  EXPECT_EQ(due_after(0ms), 0U);
  EXPECT_EQ(due_after(grace - 1ms), 0U);
  EXPECT_EQ(due_after(longest), 1U);
}

TEST_F(AbandonedClaimsTest, CountFromWhenThisHostSawThatItsHostWasGone) {
  EXPECT_EQ(due_after(10000h), 0U);  // however late it looks first
  EXPECT_EQ(due_after(10000h + longest), 1U);
}

TEST_F(AbandonedClaimsTest, AreNoneWhileTheHostIsThere) {
  (void)due_after(0ms);
  add_host();
  EXPECT_EQ(due_after(longest), 0U);

  remove_host();
  EXPECT_EQ(due_after(longest + 1ms), 0U);  // it begins anew
  EXPECT_EQ(due_after(2 * longest + 1ms), 1U);
}

TEST_F(AbandonedClaimsTest, BeginAnewWhenTheHostWasBackUnseen) {
  (void)due_after(0ms);
  write("uid-2");
  EXPECT_EQ(due_after(longest), 0U);
  EXPECT_EQ(due_after(2 * longest), 1U);
}

TEST_F(AbandonedClaimsTest, BeginAnewWhenNobodyCouldSee) {
  (void)due_after(0ms);
  claims_.forget();
  EXPECT_EQ(due_after(longest), 0U);
}

TEST_F(AbandonedClaimsTest, AreNoneWhilePodsOfTheHostAreKnown) {
  add_pod("gone", "192.0.2.1");
  (void)due_after(0ms);
  EXPECT_EQ(due_after(longest), 0U);
}

TEST_F(AbandonedClaimsTest, AreNoneWhileAnybodyHasAnAddressThere) {
  add_pod("other", "fd00:0:0:3::7");
  (void)due_after(0ms);
  EXPECT_EQ(due_after(longest), 0U);
}

TEST_F(AbandonedClaimsTest, AreNeverReservations) {
  write("");
  (void)due_after(0ms);
  EXPECT_EQ(due_after(longest), 0U);
}

TEST_F(AbandonedClaimsTest, AreNotActedOnByAllHostsAtOnce) {
  constexpr int hosts = 64;
  std::vector<AbandonedClaims> all;
  for (int i = 0; i < hosts; ++i) all.emplace_back(grace);
  std::size_t early = 0;
  for (auto& each : all) {
    (void)each.due(draft_.cluster(), begin_);
    early += each.due(draft_.cluster(), begin_ + (grace + longest) / 2).size();
  }
  EXPECT_GT(early, 0U);
  EXPECT_LT(early, static_cast<std::size_t>(hosts));
}

TEST(ClaimsIn, HoldWhatHostsSayTheyHaveBehindWhatTheyClaimed) {
  metadata::Draft draft;
  auto other = std::make_shared<metadata::Host>();
  other->name = "other";
  other->subnets = {{boost::asio::ip::make_address("10.42.9.0"), 24}};
  draft.put(other);
  auto mine =
      std::make_shared<metadata::Subnet>(claim_of({.v4 = prefix("10.42.3.0/24"), .v6 = {}}, [] {
        metadata::Host holder;
        holder.name = "me";
        return holder;
      }()));
  mine->created = std::numeric_limits<std::int64_t>::max() - 1;  // a clock of the far future
  draft.put(mine);

  const auto claims = claims_in(draft.cluster(), "me");

  ASSERT_EQ(claims.size(), 2U);
  EXPECT_TRUE(claims[0].is_ours);
  EXPECT_EQ(to_text(claims[0].subnets), "10.42.3.0/24");
  EXPECT_EQ(claims[1].holder, "other");
  EXPECT_LT(claims[0].order, claims[1].order);
}

}  // namespace
}  // namespace paddock::netd
