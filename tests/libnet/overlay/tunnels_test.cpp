// SPDX-License-Identifier: Apache-2.0
#include "overlay/tunnels.hpp"

#include "libnet/overlay/fixtures.hpp"
#include "overlay/roster.hpp"

#include <gtest/gtest.h>

namespace paddock::net::overlay {
namespace {

using test::address;
using test::prefix;

WireguardKey key(std::uint8_t number) {
  WireguardKey made;
  made.octets.fill(number);
  return made;
}

OverlaySettings secure_settings() {
  OverlaySettings made = test::settings();
  made.backend = OverlayBackend::wireguard;
  made.wireguard.private_key = key(100);
  made.wireguard.public_key = key(101);
  made.wireguard.networks = {prefix("10.42.0.0/16")};
  return made;
}

Peer secure_peer(const std::string& host, std::uint8_t number) {
  Peer peer;
  peer.host = host;
  peer.backend = OverlayBackend::wireguard;
  peer.v4 = TunnelEnd{address("203.0.113." + std::to_string(number)), {}};
  peer.key = key(number);
  peer.subnets = {prefix("10.42." + std::to_string(number) + ".0/24")};
  return peer;
}

PeerEntries planned(const Peer& peer) {
  return plan_peer(secure_settings(), test::v4_only(), {prefix("10.42.99.0/24")}, peer);
}

TEST(SecureEntries, LeadAllSubnetsOfAHostIntoTheDevice) {
  Peer peer = secure_peer("there", 7);
  peer.subnets.push_back(prefix("fd42:0:0:7::/64"));

  const PeerEntries entries = planned(peer);

  EXPECT_EQ(
      entries.secure,
      (std::vector<SecureEntry>{{Way::tunnel_v4, key(7), address("203.0.113.7"), peer.subnets}}));
  EXPECT_EQ(entries.routes,
            (std::vector<RouteEntry>{{prefix("10.42.7.0/24"), Way::tunnel_v4, {}},
                                     {prefix("fd42:0:0:7::/64"), Way::tunnel_v4, {}}}));
  EXPECT_TRUE(entries.neighbors.empty() && entries.forwarding.empty());
  EXPECT_EQ(entries.path, PeerPath::wireguard);
  EXPECT_EQ(entries.trouble, "");
}

TEST(SecureEntries, AreARefusalWithoutTheHostsKey) {
  Peer silent = secure_peer("there", 7);
  silent.key.reset();
  Peer twin = secure_peer("there", 7);
  twin.key = secure_settings().wireguard.public_key;
  Peer clear = test::near_peer();  // also on the same link

  for (const Peer& peer : {silent, twin, clear}) {
    const PeerEntries entries = planned(peer);
    EXPECT_EQ(entries.routes, (std::vector<RouteEntry>{{prefix("10.42.7.0/24"), Way::none, {}}}));
    EXPECT_EQ(entries.path, PeerPath::none);
    EXPECT_NE(entries.trouble, "");
  }
  EXPECT_NE(planned(silent).trouble.find("has not said its public key"), std::string::npos);
  EXPECT_NE(planned(twin).trouble.find("own public key"), std::string::npos);
  EXPECT_NE(planned(clear).trouble.find("clear text (vxlan)"), std::string::npos);
}

TEST(SecureEntries, AreARefusalForHostsWithoutEncryption) {
  const PeerEntries entries =
      plan_peer(test::settings(), test::v4_only(), {}, secure_peer("there", 7));

  EXPECT_EQ(entries.routes, (std::vector<RouteEntry>{{prefix("10.42.7.0/24"), Way::none, {}}}));
  EXPECT_NE(entries.trouble.find("none in clear text"), std::string::npos);
}

TEST(SecureEntries, RefuseWhateverIsOfNoPeer) {
  EXPECT_EQ(plan_guard(secure_settings()).routes,
            (std::vector<RouteEntry>{{prefix("10.42.0.0/16"), Way::none, {}}}));
  EXPECT_TRUE(plan_guard(test::settings()).routes.empty());
}

TEST(SecureTunnel, HoldsEveryHostOnceAndEachSubnetAtOne) {
  Roster roster;
  const auto plan = [](const Peer& peer) { return planned(peer); };
  Peer rival = secure_peer("rival", 8);
  rival.subnets = {prefix("10.42.7.0/24")};
  roster.set_guard(plan_guard(secure_settings()));
  roster.replace({secure_peer("there", 7), rival}, plan);

  const auto wanted = plan_tunnel(secure_settings(), roster.table(), Way::tunnel_v4);

  EXPECT_EQ(wanted.port, 51820);
  EXPECT_EQ(wanted.private_key, key(100));
  ASSERT_EQ(wanted.remotes.size(), 2U);
  for (const auto& remote : wanted.remotes) {
    EXPECT_EQ(remote.allowed.size(), remote.key == key(8) ? 1U : 0U) << "the later one has it";
    EXPECT_EQ(remote.endpoint->port, 51820);
  }
  EXPECT_TRUE(plan_tunnel(secure_settings(), roster.table(), Way::tunnel_v6).remotes.empty());
}

TEST(SecureTunnel, ForgetsTheFormerKeyOfAHost) {
  const auto before = planned(secure_peer("there", 7));
  Peer renewed = secure_peer("there", 7);
  renewed.key = key(17);

  const auto change = difference(secure_settings(), before, planned(renewed), Way::tunnel_v4);

  ASSERT_EQ(change.gone.size(), 1U);
  EXPECT_EQ(change.gone.front(), key(7));
  ASSERT_EQ(change.remotes.size(), 1U);
  EXPECT_EQ(change.remotes.front().key, key(17));
  EXPECT_TRUE(difference(secure_settings(), before, before, Way::tunnel_v4).empty());
}

TEST(SecureDevice, LeavesRoomForWhatEncryptionAdds) {
  const auto v4 = plan_device(secure_settings(), test::both_families(), {}, true);
  const auto v6 = plan_device(secure_settings(), test::both_families(), {}, false);

  ASSERT_TRUE(v4 && v6);
  EXPECT_EQ(v4->name, "paddock-wg");
  EXPECT_EQ(v6->name, "paddock-wg-v6");
  EXPECT_EQ(v4->mtu, 1440U);
  EXPECT_EQ(v6->mtu, 1420U);
  EXPECT_FALSE(v4->mac);
  EXPECT_EQ(pod_mtu(secure_settings(), test::both_families()), 1420U);
}

}  // namespace
}  // namespace paddock::net::overlay
