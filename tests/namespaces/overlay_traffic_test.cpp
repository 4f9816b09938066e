// SPDX-License-Identifier: Apache-2.0
//
// Packets between pods of several hosts.
#include "support/overlay_hosts.hpp"

#include <paddock/net/overlay.hpp>

#include <gtest/gtest.h>

namespace paddock::net {
namespace {

using test::Families;
using test::introduce;
using test::OverlayHost;
using test::Switch;

// The largest packet, and not to be split: 28 octets of it are headers with IPv4, 48 with IPv6.
std::string full_size(std::uint32_t mtu, bool v4) {
  return "-M do -s " + std::to_string(mtu - (v4 ? 28 : 48));
}

OverlaySettings with(OverlayBackend backend, bool direct = false) {
  OverlaySettings settings;
  settings.backend = backend;
  settings.direct_routing = direct;
  return settings;
}

void expect_full_size_between(OverlayHost& here, OverlayHost& there) {
  const std::uint32_t mtu = here.overlay->pod_mtu();
  EXPECT_TRUE(here.pod().pings(there.pod_v4(), full_size(mtu, true)));
  EXPECT_TRUE(here.pod().pings(there.pod_v6(), full_size(mtu, false)));
}

TEST(OverlayTraffic, OfThreeHostsArrivesInFullSizeAndBothFamilies) {
  const Switch net;
  OverlayHost one(net, 1);
  OverlayHost two(net, 2);
  OverlayHost three(net, 3);
  for (OverlayHost* host : {&one, &two, &three}) {
    host->add_pod(host->overlay->pod_mtu());
  }
  introduce({&one, &two, &three});

  expect_full_size_between(one, two);
  expect_full_size_between(two, three);
  expect_full_size_between(three, one);
  EXPECT_EQ(one.overlay->pod_mtu(), 1430U);
  EXPECT_TRUE(one.ns().pings(two.pod_v4()));
}

TEST(OverlayTraffic, OfBothFamiliesGoesOverOneUnderlay) {
  const Switch net;
  OverlayHost one(net, 1, {}, Families::v4);
  OverlayHost two(net, 2, {}, Families::both);
  one.add_pod(one.overlay->pod_mtu());
  two.add_pod(one.overlay->pod_mtu());
  introduce({&one, &two});

  expect_full_size_between(one, two);
  EXPECT_EQ(one.overlay->pod_mtu(), 1450U);
}

TEST(OverlayTraffic, GoesOverAnIpv6Underlay) {
  const Switch net;
  OverlayHost one(net, 1, {}, Families::v6);
  OverlayHost two(net, 2, {}, Families::v6);
  one.add_pod(one.overlay->pod_mtu());
  two.add_pod(two.overlay->pod_mtu());
  introduce({&one, &two});

  expect_full_size_between(one, two);
  EXPECT_EQ(one.overlay->pod_mtu(), 1430U);
}

TEST(OverlayTraffic, OnOneLinkTakesPlainRoutesIfAskedFor) {
  const Switch net;
  OverlayHost one(net, 1, with(OverlayBackend::vxlan, true));
  OverlayHost two(net, 2, with(OverlayBackend::vxlan, true));
  one.add_pod(one.overlay->pod_mtu());
  two.add_pod(two.overlay->pod_mtu());
  introduce({&one, &two});

  expect_full_size_between(one, two);
  EXPECT_EQ(one.ns().json("ip -j route get " + two.pod_v4())[0]["dev"], "eth0");
}

TEST(OverlayTraffic, WithHostGatewaysHasTheWholeMtu) {
  const Switch net;
  OverlayHost one(net, 1, with(OverlayBackend::host_gateway));
  OverlayHost two(net, 2, with(OverlayBackend::host_gateway));
  one.add_pod(one.overlay->pod_mtu());
  two.add_pod(two.overlay->pod_mtu());
  introduce({&one, &two});

  expect_full_size_between(one, two);
  EXPECT_EQ(one.overlay->pod_mtu(), 1500U);
}

TEST(OverlayTraffic, GoesOnWhileHostsChangeTheirBackendOneByOne) {
  const Switch net;
  OverlayHost one(net, 1, with(OverlayBackend::vxlan));
  OverlayHost two(net, 2, with(OverlayBackend::host_gateway));
  one.add_pod(one.overlay->pod_mtu());
  two.add_pod(one.overlay->pod_mtu());
  introduce({&one, &two});

  expect_full_size_between(one, two);
}

TEST(OverlayTraffic, ToAPeerThatWentIsRefused) {
  const Switch net;
  OverlayHost one(net, 1);
  OverlayHost two(net, 2);
  one.add_pod(one.overlay->pod_mtu());
  two.add_pod(two.overlay->pod_mtu());
  introduce({&one, &two});
  ASSERT_TRUE(one.pod().pings(two.pod_v4()));

  ASSERT_TRUE(one.overlay->remove("host2"));

  EXPECT_FALSE(one.pod().pings(two.pod_v4()));
}

// What flannel makes, by hand: another name, a MAC address of chance, no marks.
TEST(OverlayTraffic, ReachesAFlannelHost) {
  const Switch net;
  OverlayHost one(net, 1);
  test::Namespace flannel;
  net.plug(flannel, 9);
  one.add_pod(one.overlay->pod_mtu());
  const auto remote = MacAddress::random();
  flannel.must("ip addr add 192.0.2.9/24 dev eth0");
  flannel.must("ip link add flannel.1 address " + remote.to_string() +
               " type vxlan id 1 dstport 8472 local 192.0.2.9 dev eth0 nolearning");
  flannel.must("ip addr add 10.42.9.0/32 dev flannel.1");
  flannel.must("ip addr add 10.42.9.2/32 dev lo");
  flannel.must("ip link set flannel.1 up mtu 1450");
  const std::string mac = one.overlay->self().v4->mac->to_string();
  flannel.must("ip neigh add 10.42.1.0 lladdr " + mac + " dev flannel.1 nud permanent");
  flannel.must("bridge fdb add " + mac + " dev flannel.1 dst 192.0.2.1 self permanent");
  flannel.must("ip route add 10.42.1.0/24 via 10.42.1.0 dev flannel.1 onlink");
  Peer peer;
  peer.host = "flannel";
  peer.v4 = TunnelEnd{boost::asio::ip::make_address("192.0.2.9"), remote};
  peer.subnets = {*Prefix::parse("10.42.9.0/24")};

  const auto put = one.overlay->put(peer);

  ASSERT_TRUE(put) << put.error().text;
  EXPECT_TRUE(one.pod().pings("10.42.9.2"));
  EXPECT_TRUE(flannel.pings(one.pod_v4()));
}

}  // namespace
}  // namespace paddock::net
