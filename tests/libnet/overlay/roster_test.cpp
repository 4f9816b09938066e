// SPDX-License-Identifier: Apache-2.0
#include "overlay/roster.hpp"

#include "libnet/overlay/fixtures.hpp"

#include <gtest/gtest.h>

namespace paddock::net::overlay {
namespace {

PeerEntries plan_over_v4(const Peer& peer) {
  return plan_peer(test::settings(), test::v4_only(), {}, peer);
}

Peer named_peer(const std::string& name, const std::string& subnet) {
  Peer peer = test::far_peer();
  peer.host = name;
  peer.v4->mac = vtep_mac(name, 1, true);
  peer.subnets = {test::prefix(subnet)};
  return peer;
}

std::string trouble_of(const Roster& roster, const std::string& host) {
  for (const PeerStatus& status : roster.status()) {
    if (status.peer.host == host) {
      return status.trouble;
    }
  }
  return "no such peer";
}

TEST(Roster, ANewPeerNeedsItsOwnEntriesOnly) {
  Roster roster;
  roster.replace({named_peer("a", "10.42.1.0/24")}, plan_over_v4);

  const auto change = roster.put(named_peer("b", "10.42.2.0/24"), plan_over_v4);

  EXPECT_TRUE(change.simple);
  EXPECT_TRUE(change.before.routes.empty());
  ASSERT_EQ(change.after.routes.size(), 1U);
  EXPECT_EQ(change.after.routes[0].destination, test::prefix("10.42.2.0/24"));
  EXPECT_EQ(roster.table().routes().size(), 2U);
}

TEST(Roster, TellsOfAFewPeersAtATime) {
  Roster roster;
  roster.replace({named_peer("a", "10.42.1.0/24"), named_peer("b", "10.42.2.0/24"),
                  named_peer("c", "10.42.3.0/24")},
                 plan_over_v4);

  const auto first = roster.status("", 2);
  const auto rest = roster.status(first.back().peer.host, 2);

  ASSERT_EQ(first.size(), 2U);
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest.front().peer.host, "c");
  EXPECT_TRUE(roster.status("c", 2).empty());
}

TEST(Roster, APeerThatWentLeavesNothing) {
  Roster roster;
  (void)roster.put(named_peer("a", "10.42.1.0/24"), plan_over_v4);

  const auto change = roster.remove("a", plan_over_v4);

  EXPECT_TRUE(change.simple);
  EXPECT_EQ(change.before.routes.size(), 1U);
  EXPECT_TRUE(roster.table().routes().empty());
  EXPECT_TRUE(roster.table().neighbors().empty());
  EXPECT_TRUE(roster.table().forwarding().empty());
  EXPECT_TRUE(roster.remove("a", plan_over_v4).before.routes.empty());
}

TEST(Roster, BothRivalsAreToldAndTheOtherInheritsWhenOneGoes) {
  Roster roster;
  (void)roster.put(named_peer("a", "10.42.1.0/24"), plan_over_v4);

  EXPECT_FALSE(roster.put(named_peer("b", "10.42.1.0/24"), plan_over_v4).simple);
  roster.settle();

  EXPECT_NE(trouble_of(roster, "a").find("b, which came later"), std::string::npos);
  EXPECT_NE(trouble_of(roster, "b").find("also that of a"), std::string::npos);
  EXPECT_EQ(*roster.table().routes().at(test::prefix("10.42.1.0/24")).host, "b");

  EXPECT_FALSE(roster.remove("b", plan_over_v4).simple);
  roster.settle();
  EXPECT_EQ(trouble_of(roster, "a"), "");
  EXPECT_EQ(*roster.table().routes().at(test::prefix("10.42.1.0/24")).host, "a");
}

TEST(Roster, ARefusalIsHeldAgainstThePeerUntilItIsTriedAgain) {
  Roster roster;
  (void)roster.put(named_peer("a", "10.42.1.0/24"), plan_over_v4);
  roster.refuse("a", "the kernel said no");
  roster.refuse("nobody", "whatever");
  roster.settle();
  EXPECT_EQ(trouble_of(roster, "a"), "the kernel said no");

  roster.forget_refusals();
  roster.settle();

  EXPECT_EQ(trouble_of(roster, "a"), "");
}

TEST(Roster, SinceWhenChangesWithHowAPeerFaresAndNotWithEveryWord) {
  Roster roster;
  (void)roster.put(named_peer("a", "10.42.1.0/24"), plan_over_v4);
  roster.settle("a");
  const auto begun = roster.status().at(0).since;

  roster.replace({named_peer("a", "10.42.1.0/24")}, plan_over_v4);
  roster.settle();
  EXPECT_EQ(roster.status().at(0).since, begun);

  roster.refuse("a", "the kernel said no");
  roster.settle();
  EXPECT_NE(roster.status().at(0).since, begun);
  EXPECT_EQ(roster.status().at(0).path, PeerPath::vxlan);
}

}  // namespace
}  // namespace paddock::net::overlay
