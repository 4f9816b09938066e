// SPDX-License-Identifier: Apache-2.0
//
// Events are laid out as the requests that cause them.
#include "overlay/watch.hpp"

#include "libnet/overlay/fixtures.hpp"
#include "marks.hpp"
#include "netlink/requests.hpp"
#include "netlink/vxlan.hpp"
#include "overlay/difference.hpp"

#include <gtest/gtest.h>

namespace paddock::net::overlay {
namespace {

const std::string peer_name = "there";

class Watch : public testing::Test {
 protected:
  Watch() {
    (void)table_.add(plan_peer(settings_, underlay_, {}, test::far_peer()), peer_name);
    devices_.v4 = plan_device(settings_, underlay_, {test::prefix("10.42.1.0/24")}, true);
  }

  // What the one request in the batch would be heard as.
  Disturbance heard(const netlink::Batch& batch) const {
    netlink::Bytes bytes = batch.bytes();
    const auto event = netlink::next_message(bytes);
    EXPECT_TRUE(event);
    return judge(*event, {settings_, underlay_, devices_, links_, table_});
  }

  netlink::Route route() const { return route_of(table_.routes().begin()->second.entry, links_); }
  netlink::Neighbor neighbor() const {
    return neighbor_of(table_.neighbors().begin()->second.entry, links_);
  }
  netlink::Forwarding forwarding() const {
    return forwarding_of(table_.forwarding().begin()->second.entry, links_);
  }

  const OverlaySettings settings_ = test::settings();
  const Underlay underlay_ = test::v4_only();
  const WayLinks links_ = {0, 11, 0, 2, 2};
  Table table_;
  DevicePair devices_;
  netlink::Batch batch_;
};

TEST_F(Watch, WhatIsAsWantedIsNoDisturbance) {
  netlink::set_route(batch_, route());
  EXPECT_FALSE(heard(batch_).any());
  batch_.clear();
  netlink::set_neighbor(batch_, neighbor());
  EXPECT_FALSE(heard(batch_).any());
  batch_.clear();
  netlink::set_forwarding(batch_, forwarding());
  EXPECT_FALSE(heard(batch_).any());
}

TEST_F(Watch, WhatIsTakenAwayIs) {
  netlink::unset_route(batch_, route());
  EXPECT_TRUE(heard(batch_).ours);
  batch_.clear();
  netlink::unset_neighbor(batch_, neighbor());
  EXPECT_TRUE(heard(batch_).ours);
  batch_.clear();
  netlink::unset_forwarding(batch_, forwarding());
  EXPECT_TRUE(heard(batch_).ours);
}

TEST_F(Watch, ARouteInThePlaceOfOursIsEvenThoughNoneWasDeleted) {
  netlink::Route other = route();
  other.protocol = 4;
  other.gateway = test::address("192.0.2.99");
  netlink::set_route(batch_, other);

  EXPECT_TRUE(heard(batch_).ours);
}

TEST_F(Watch, AnEntryThatLeadsElsewhereIs) {
  netlink::Forwarding other = forwarding();
  other.remote = test::address("192.0.2.99");
  netlink::set_forwarding(batch_, other);
  EXPECT_TRUE(heard(batch_).ours);
  batch_.clear();
  netlink::Neighbor changed = neighbor();
  changed.mac = test::mac("02:00:00:00:00:99");
  netlink::set_neighbor(batch_, changed);
  EXPECT_TRUE(heard(batch_).ours);
}

TEST_F(Watch, WhatOthersHaveOnOtherLinksIsNot) {
  netlink::Neighbor other = neighbor();
  other.link = 3;
  netlink::unset_neighbor(batch_, other);
  EXPECT_FALSE(heard(batch_).any());
  batch_.clear();
  netlink::Route foreign;
  foreign.destination = test::prefix("198.51.100.0/24");
  foreign.link = 3;
  netlink::set_route(batch_, foreign);
  EXPECT_FALSE(heard(batch_).any());
}

TEST_F(Watch, AnotherDefaultRouteMayBeAnotherUnderlay) {
  netlink::Route other;
  other.destination = test::prefix("0.0.0.0/0");
  other.link = 3;
  netlink::set_route(batch_, other);

  EXPECT_TRUE(heard(batch_).underlay);
  EXPECT_FALSE(heard(batch_).ours);
}

TEST_F(Watch, AnAddressOfTheDeviceThatGoesIs) {
  netlink::delete_address(batch_, {11, test::prefix("10.42.1.0/32")}, "paddock.1");
  EXPECT_TRUE(heard(batch_).ours);
  batch_.clear();
  netlink::delete_address(batch_, {11, test::prefix("10.42.99.0/32")}, "paddock.1");
  EXPECT_FALSE(heard(batch_).ours);
}

TEST_F(Watch, DamagedEventsSayNothing) {
  const netlink::Message empty{RTM_NEWROUTE, 0, 0, {}};
  const netlink::Message unknown{9999, 0, 0, {}};

  EXPECT_FALSE(judge(empty, {settings_, underlay_, devices_, links_, table_}).any());
  EXPECT_FALSE(judge(unknown, {settings_, underlay_, devices_, links_, table_}).any());
}

}  // namespace
}  // namespace paddock::net::overlay
