// SPDX-License-Identifier: Apache-2.0
#include "netd/peers.hpp"

#include <gtest/gtest.h>

namespace paddock::netd {
namespace {

const std::string prefix = "flannel.alpha.coreos.com/";

net::Peer tunnel_peer() {
  net::Peer peer;
  peer.host = "node-2";
  peer.vni = 7;
  peer.v4 = net::TunnelEnd{boost::asio::ip::make_address("192.0.2.2"),
                           net::MacAddress::parse("02:00:00:00:00:02")};
  return peer;
}

std::shared_ptr<metadata::Host> host_with(const std::map<std::string, std::string>& annotations) {
  auto host = std::make_shared<metadata::Host>();
  host->name = "node-2";
  std::vector<metadata::TextPair> pairs;
  for (const auto& [key, value] : annotations) pairs.push_back({key, value});
  host->annotations = metadata::TextMap(std::move(pairs));
  return host;
}

TEST(Peers, OfWireguardAreKnownByTheirKeyToBothSides) {
  auto peer = tunnel_peer();
  peer.backend = net::OverlayBackend::wireguard;
  peer.vni = 1;
  peer.v4->mac.reset();
  peer.key = net::WireguardKey::parse("kZr1+SHeIvJpKBVZbxgyBLXEzy0fN9bIDoLtoVuvIV8=");

  const auto annotations = annotations_of(peer, prefix);

  EXPECT_EQ(annotations.at(prefix + "backend-type"), "wireguard");
  EXPECT_EQ(annotations.at(prefix + "backend-data"),
            R"({"PublicKey":"kZr1+SHeIvJpKBVZbxgyBLXEzy0fN9bIDoLtoVuvIV8="})");
  EXPECT_EQ(peer_of(*host_with(annotations), prefix).value(), peer);
}

TEST(Peers, OfABackendThatEncryptsAreKnownSoThatNothingIsSentInClearText) {
  const auto host = host_with({{prefix + "backend-type", "ipsec"},
                               {prefix + "backend-data", "null"},
                               {prefix + "public-ip", "192.0.2.2"}});

  const auto peer = peer_of(*host, prefix).value();

  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->backend, net::OverlayBackend::encrypted);
  EXPECT_FALSE(peer->v4->mac);
}

TEST(Peers, ComeBackFromAHostObject) {
  auto peer = tunnel_peer();
  auto host = host_with(annotations_of(peer, prefix));
  host->subnets = {{boost::asio::ip::make_address("10.42.2.0"), 24}};
  peer.subnets = {net::Prefix::parse("10.42.2.0/24").value()};
  EXPECT_EQ(peer_of(*host, prefix).value(), peer);
}

TEST(Peers, OfAnotherPrefixAreOfAnotherNetwork) {
  const auto host = host_with(annotations_of(tunnel_peer(), "paddock.io/"));

  EXPECT_FALSE(peer_of(*host, prefix).value());
  EXPECT_TRUE(peer_of(*host, "paddock.io/").value());
}

TEST(Peers, AreReachedWhereTheAdministratorSays) {
  const auto host = host_with({{prefix + "public-ip-overwrite", "203.0.113.9"},
                               {prefix + "public-ipv6-overwrite", "nowhere"}});

  const auto self = overwritten(tunnel_peer(), *host, prefix);

  EXPECT_EQ(annotations_of(self, prefix).at(prefix + "public-ip"), "203.0.113.9");
  EXPECT_FALSE(self.v6);
}

TEST(Peers, OfBothFamiliesComeBack) {
  auto peer = tunnel_peer();
  peer.v6 = net::TunnelEnd{boost::asio::ip::make_address("2001:db8::2"),
                           net::MacAddress::parse("02:00:00:00:00:06")};
  EXPECT_EQ(peer_of("node-2", record_of(peer)), peer);
}

TEST(Peers, WithoutTunnelHaveNoMac) {
  auto peer = tunnel_peer();
  peer.backend = net::OverlayBackend::host_gateway;
  const auto record = record_of(peer);
  EXPECT_EQ(record.backend, "host-gw");
  EXPECT_FALSE(record.data);
}

TEST(Peers, AreNoHostsWithoutAnnotations) {
  EXPECT_FALSE(peer_of(*host_with({}), prefix).value());
  EXPECT_FALSE(peer_of(*host_with({{"rack", "7"}}), prefix).value());
}

TEST(Peers, ThatSayNothingAreAssumedToDoAsThisHostDoes) {
  auto host = host_with({});
  net::OverlaySettings overlay;
  overlay.vni = 7;
  EXPECT_FALSE(assumed_peer_of(*host, overlay)) << "no address, no subnet";

  host->addresses = {boost::asio::ip::make_address("192.0.2.2"),
                     boost::asio::ip::make_address("192.0.2.3"),
                     boost::asio::ip::make_address("2001:db8::2")};
  EXPECT_FALSE(assumed_peer_of(*host, overlay)) << "no subnet";
  host->subnets = {{boost::asio::ip::make_address("10.42.2.0"), 24}};

  const auto peer = assumed_peer_of(*host, overlay);
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->v4->underlay, boost::asio::ip::make_address("192.0.2.2"));
  EXPECT_EQ(peer->v4->mac, net::vtep_mac("node-2", 7, true));
  EXPECT_EQ(peer->v6->mac, net::vtep_mac("node-2", 7, false));
  EXPECT_EQ(peer->vni, 7U);
  EXPECT_EQ(peer->subnets, std::vector{net::Prefix::parse("10.42.2.0/24").value()});
  auto plain = overlay;
  plain.backend = net::OverlayBackend::host_gateway;
  EXPECT_FALSE(assumed_peer_of(*host, plain)->v4->mac);
}

TEST(Peers, OfAnotherBackendAreNotReached) {
  net::flannel::HostRecord record;
  record.public_ip = boost::asio::ip::make_address("192.0.2.2");
  record.backend = "ipip";
  EXPECT_FALSE(peer_of("node-2", record));
}

TEST(Peers, AnErrorNamesTheHost) {
  const auto wrong = peer_of(*host_with({{"flannel.alpha.coreos.com/backend-type", "vxlan"},
                                         {"flannel.alpha.coreos.com/public-ip", "nowhere"}}),
                             prefix);
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().text.find("node-2"), std::string::npos);
  EXPECT_NE(wrong.error().text.find("public-ip"), std::string::npos);
}

}  // namespace
}  // namespace paddock::netd
