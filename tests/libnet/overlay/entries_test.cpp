// SPDX-License-Identifier: Apache-2.0
#include "overlay/entries.hpp"

#include "libnet/overlay/fixtures.hpp"

#include <gtest/gtest.h>

#include <set>

namespace paddock::net::overlay {
namespace {

using test::address;
using test::mac;
using test::prefix;

PeerEntries planned(const Peer& peer, const OverlaySettings& settings = test::settings(),
                    const Underlay& underlay = test::both_families()) {
  return plan_peer(settings, underlay, {prefix("10.42.3.0/24")}, peer);
}

TEST(PeerEntries, AreNeighborForwardingAndRouteByTheFirstAddressOfTheSubnet) {
  const PeerEntries entries = planned(test::far_peer());

  const MacAddress device = mac("02:00:00:00:00:07");
  EXPECT_EQ(entries.neighbors,
            (std::vector<NeighborEntry>{{Way::tunnel_v4, address("10.42.7.0"), device}}));
  EXPECT_EQ(entries.forwarding,
            (std::vector<ForwardingEntry>{{Way::tunnel_v4, device, address("203.0.113.7")}}));
  EXPECT_EQ(
      entries.routes,
      (std::vector<RouteEntry>{{prefix("10.42.7.0/24"), Way::tunnel_v4, address("10.42.7.0")}}));
  EXPECT_EQ(entries.path, PeerPath::vxlan);
  EXPECT_EQ(entries.trouble, "");
}

// Also on the same link: a plain route would be clear text.
TEST(PeerEntries, OfAPeerThatEncryptsAreARefusal) {
  Peer peer = test::near_peer();
  peer.backend = OverlayBackend::encrypted;

  const PeerEntries entries = planned(peer);

  EXPECT_EQ(entries.routes, (std::vector<RouteEntry>{{prefix("10.42.7.0/24"), Way::none, {}}}));
  EXPECT_TRUE(entries.forwarding.empty());
  EXPECT_EQ(entries.path, PeerPath::none);
  EXPECT_NE(entries.trouble.find("none in clear text"), std::string::npos);
}

TEST(PeerEntries, OfSeveralSubnetsShareOneForwardingEntry) {
  Peer peer = test::far_peer();
  peer.subnets = {prefix("10.42.7.0/24"), prefix("10.42.8.0/24")};

  const PeerEntries entries = planned(peer);

  EXPECT_EQ(entries.forwarding.size(), 1U);
  EXPECT_EQ(entries.neighbors.size(), 2U);
  EXPECT_EQ(entries.routes.size(), 2U);
}

TEST(PeerEntries, OfEachFamilyGoByItsOwnUnderlayWhereBothHostsHaveIt) {
  Peer peer = test::far_peer();
  peer.v6 = TunnelEnd{address("2001:db8:7::7"), mac("02:00:00:00:06:07")};
  peer.subnets.push_back(prefix("fd42:0:0:7::/64"));

  const PeerEntries both = planned(peer);
  const PeerEntries one = planned(peer, test::settings(), test::v4_only());

  ASSERT_EQ(both.routes.size(), 2U);
  EXPECT_EQ(both.routes[1].way, Way::tunnel_v6);
  EXPECT_EQ(both.forwarding.size(), 2U);
  ASSERT_EQ(one.routes.size(), 2U);
  EXPECT_EQ(one.routes[1].way, Way::tunnel_v4);
  EXPECT_EQ(one.routes[1].gateway, address("fd42:0:0:7::"));
  EXPECT_EQ(one.forwarding.size(), 1U);
}

TEST(PeerEntries, OnTheSameLinkArePlainRoutesWithDirectRouting) {
  OverlaySettings direct = test::settings();
  direct.direct_routing = true;

  const PeerEntries near = planned(test::near_peer(), direct);
  const PeerEntries far = planned(test::far_peer(), direct);

  EXPECT_EQ(near.path, PeerPath::direct);
  EXPECT_TRUE(near.neighbors.empty() && near.forwarding.empty());
  EXPECT_EQ(
      near.routes,
      (std::vector<RouteEntry>{{prefix("10.42.7.0/24"), Way::link_v4, address("192.0.2.7")}}));
  EXPECT_EQ(far.path, PeerPath::vxlan);
}

TEST(PeerEntries, WithHostGatewayNeedTheSameLink) {
  OverlaySettings plain = test::settings();
  plain.backend = OverlayBackend::host_gateway;

  const PeerEntries near = planned(test::near_peer(), plain);
  const PeerEntries far = planned(test::far_peer(), plain);

  EXPECT_EQ(near.path, PeerPath::direct);
  EXPECT_EQ(far.path, PeerPath::none);
  EXPECT_EQ(far.trouble, "10.42.7.0/24: 203.0.113.7 is not on this host's link, as host-gw needs");
}

TEST(PeerEntries, OfAPeerWithoutAPathRefuseWhatIsForIt) {
  Peer peer = test::far_peer();
  peer.vni = 1042;

  const PeerEntries entries = planned(peer);

  EXPECT_EQ(entries.routes,
            (std::vector<RouteEntry>{{prefix("10.42.7.0/24"), Way::none, IpAddress()}}));
  EXPECT_EQ(entries.trouble, "10.42.7.0/24: the peer is in VNI 1042, this host in 1");
}

TEST(PeerEntries, BetweenHostsOfTwoBackendsArePlainRoutesOnBothSides) {
  Peer plain = test::near_peer();
  plain.backend = OverlayBackend::host_gateway;
  OverlaySettings settings = test::settings();
  settings.backend = OverlayBackend::host_gateway;

  EXPECT_EQ(planned(plain).path, PeerPath::direct);
  EXPECT_EQ(planned(test::near_peer(), settings).path, PeerPath::direct);
}

TEST(PeerEntries, NeverCoverOurOwnSubnet) {
  Peer peer = test::far_peer();
  peer.subnets = {prefix("10.42.0.0/16"), prefix("10.43.7.0/24")};

  const PeerEntries entries = planned(peer);

  ASSERT_EQ(entries.routes.size(), 1U);
  EXPECT_EQ(entries.routes[0].destination, prefix("10.43.7.0/24"));
  EXPECT_EQ(entries.trouble, "10.42.0.0/16 overlaps this host's own 10.42.3.0/24");
}

TEST(PeerEntries, OfAPeerWithOurAddressAreNone) {
  Peer peer = test::far_peer();
  peer.v4->underlay = address("192.0.2.1");

  const PeerEntries entries = planned(peer);

  EXPECT_TRUE(entries.routes.empty());
  EXPECT_NE(entries.trouble, "");
}

TEST(PeerEntries, AreNoneWithoutABackend) {
  OverlaySettings nothing = test::settings();
  nothing.backend = OverlayBackend::none;

  EXPECT_EQ(planned(test::far_peer(), nothing), PeerEntries());
}

TEST(RouteMetric, IsDistinctForTheSubnetsOfOnePool) {
  std::set<std::uint32_t> metrics;
  for (unsigned number = 0; number < 5000; ++number) {
    const boost::asio::ip::address_v4 base(0x0a000000U + (number << 8U));
    metrics.insert(route_metric({base, 24}));
  }

  EXPECT_EQ(metrics.size(), 5000U);
  EXPECT_NE(route_metric(prefix("fd42:0:0:1::/64")), route_metric(prefix("fd42:0:0:2::/64")));
}

}  // namespace
}  // namespace paddock::net::overlay
