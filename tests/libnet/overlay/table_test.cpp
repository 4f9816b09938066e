// SPDX-License-Identifier: Apache-2.0
#include "overlay/table.hpp"

#include "libnet/overlay/fixtures.hpp"

#include <gtest/gtest.h>

namespace paddock::net::overlay {
namespace {

const std::string first = "first";
const std::string second = "second";

PeerEntries entries_of(const Peer& peer) {
  return plan_peer(test::settings(), test::v4_only(), {}, peer);
}

TEST(Table, IsFoundByWhatTheKernelTellsEntriesApartBy) {
  Table table;
  EXPECT_TRUE(table.add(entries_of(test::far_peer()), first).empty());

  EXPECT_TRUE(table.routes().contains(test::prefix("10.42.7.0/24")));
  EXPECT_TRUE(table.neighbors().contains({Way::tunnel_v4, test::address("10.42.7.0")}));
  EXPECT_TRUE(table.forwarding().contains({Way::tunnel_v4, test::mac("02:00:00:00:00:07")}));
  EXPECT_FALSE(table.forwarding().contains({Way::tunnel_v6, test::mac("02:00:00:00:00:07")}));
  EXPECT_FALSE(table.contested());
}

TEST(Table, TheLaterOfTwoHasWhatBothWant) {
  Peer other = test::far_peer();
  other.v4->mac = test::mac("02:00:00:00:00:08");
  Table table;
  (void)table.add(entries_of(test::far_peer()), first);

  const auto rivals = table.add(entries_of(other), second);

  EXPECT_EQ(rivals, std::vector<std::string>{first});
  EXPECT_TRUE(table.contested());
  EXPECT_EQ(*table.routes().at(test::prefix("10.42.7.0/24")).host, second);
}

TEST(Table, WhatAnotherHasTakenOverStaysHis) {
  Peer other = test::far_peer();
  other.v4->mac = test::mac("02:00:00:00:00:08");
  Table table;
  (void)table.add(entries_of(test::far_peer()), first);
  (void)table.add(entries_of(other), second);

  table.remove(entries_of(test::far_peer()), first);

  EXPECT_TRUE(table.routes().contains(test::prefix("10.42.7.0/24")));
  EXPECT_FALSE(table.forwarding().contains({Way::tunnel_v4, test::mac("02:00:00:00:00:07")}));
  table.clear();
  EXPECT_TRUE(table.routes().empty());
  EXPECT_FALSE(table.contested());
}

}  // namespace
}  // namespace paddock::net::overlay
