// SPDX-License-Identifier: Apache-2.0
#include "overlay/difference.hpp"

#include "libnet/overlay/fixtures.hpp"
#include "marks.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace paddock::net::overlay {
namespace {

constexpr WayLinks some_links = {0, 11, 12, 2, 2};
const std::string one_host = "there";

Table wanted_table() {
  Table table;
  (void)table.add(plan_peer(test::settings(), test::v4_only(), {}, test::far_peer()), one_host);
  return table;
}

// What the kernel has when it has what the table wants.
Actual kernel_of(const Table& table) {
  Actual actual;
  for (const auto& [key, claim] : table.neighbors()) {
    actual.neighbors.push_back(neighbor_of(claim.entry, some_links));
  }
  for (const auto& [key, claim] : table.forwarding()) {
    actual.forwarding.push_back(forwarding_of(claim.entry, some_links));
  }
  for (const auto& [key, claim] : table.routes()) {
    actual.routes.push_back(route_of(claim.entry, some_links));
  }
  return actual;
}

TEST(Difference, IsEmptyWhenTheKernelHasWhatIsWanted) {
  const Table table = wanted_table();

  EXPECT_TRUE(difference(table, some_links, kernel_of(table)).empty());
}

TEST(Difference, AnEmptyKernelNeedsAll) {
  const auto found = difference(wanted_table(), some_links, {});

  EXPECT_EQ(found.size(), 3U);
  ASSERT_EQ(found.routes.size(), 1U);
  EXPECT_EQ(found.routes[0].link, 11U);
  EXPECT_TRUE(found.routes[0].onlink);
  EXPECT_EQ(found.sentences(2),
            (std::vector<std::string>{"add neighbour 10.42.7.0 at 02:00:00:00:00:07",
                                      "add forwarding of 02:00:00:00:00:07 to 203.0.113.7",
                                      "and 1 more"}));
}

TEST(Difference, WithoutItsLinkAnEntryWaits) {
  EXPECT_TRUE(difference(wanted_table(), {}, {}).empty());
}

TEST(Difference, OursGoAndThoseOfOthersStay) {
  Actual actual;
  netlink::Route route = route_of({test::prefix("10.42.9.0/24"), Way::none, {}}, some_links);
  actual.routes = {route};
  actual.neighbors = {
      {11, test::address("10.42.9.0"), test::mac("02:00:00:00:00:09"), true, 0},
      {11, test::address("10.42.8.0"), test::mac("02:00:00:00:00:08"), true, overlay_protocol}};
  actual.forwarding = {{11, test::mac("02:00:00:00:00:09"), test::address("192.0.2.9"), false},
                       {11, test::mac("02:00:00:00:00:08"), test::address("192.0.2.8"), true}};

  const auto found = difference(Table(), some_links, actual);

  EXPECT_EQ(found.unwanted_routes.size(), 1U);
  ASSERT_EQ(found.unwanted_neighbors.size(), 1U);
  EXPECT_EQ(found.unwanted_neighbors[0].address, test::address("10.42.8.0"));
  ASSERT_EQ(found.unwanted_forwarding.size(), 1U);
  EXPECT_EQ(found.unwanted_forwarding[0].mac, test::mac("02:00:00:00:00:08"));
}

// The kernel lets no programmed entry take over one that was made by hand.
TEST(Difference, AnEntryMadeByHandInOurPlaceGoesFirst) {
  const Table table = wanted_table();
  Actual actual = kernel_of(table);
  actual.forwarding[0].controlled = false;

  const auto found = difference(table, some_links, actual);

  EXPECT_EQ(found.unwanted_forwarding.size(), 1U);
  EXPECT_EQ(found.forwarding.size(), 1U);
  EXPECT_EQ(found.size(), 2U);
}

TEST(Difference, WhatWasChangedIsReplaced) {
  const Table table = wanted_table();
  Actual actual = kernel_of(table);
  actual.neighbors[0].mac = test::mac("02:00:00:00:00:99");
  actual.routes[0].gateway = test::address("10.42.7.1");

  const auto found = difference(table, some_links, actual);

  EXPECT_EQ(found.neighbors.size(), 1U);
  EXPECT_EQ(found.routes.size(), 1U);
  EXPECT_EQ(found.size(), 2U);
}

TEST(Difference, RoutesComeInTheOrderOfTheirDestinations) {
  Table table;
  const std::string host = "many";
  PeerEntries entries;
  for (const char* subnet : {"10.42.9.0/24", "10.42.1.0/24", "10.42.200.0/24", "10.42.30.0/24"}) {
    entries.routes.push_back({test::prefix(subnet), Way::none, {}});
  }
  (void)table.add(entries, host);

  const auto found = difference(table, some_links, {});

  EXPECT_EQ(found.routes.size(), 4U);
  EXPECT_TRUE(std::is_sorted(found.routes.begin(), found.routes.end(),
                             [](const auto& left, const auto& right) {
                               return left.destination.address < right.destination.address;
                             }));
}

TEST(Difference, OfOnePeerHoldsOnlyWhatChanged) {
  const auto plan = [](const Peer& peer) {
    return plan_peer(test::settings(), test::v4_only(), {}, peer);
  };
  Peer moved = test::far_peer();
  moved.v4->underlay = test::address("203.0.113.8");

  const auto found = difference(plan(test::far_peer()), plan(moved), some_links);
  const auto gone = difference(plan(moved), {}, some_links);

  ASSERT_EQ(found.size(), 1U);  // replaced in its place: nothing is taken away first
  EXPECT_EQ(found.forwarding[0].remote, test::address("203.0.113.8"));
  EXPECT_EQ(gone.size(), 3U);
  EXPECT_EQ(gone.unwanted_routes.size(), 1U);
}

}  // namespace
}  // namespace paddock::net::overlay
