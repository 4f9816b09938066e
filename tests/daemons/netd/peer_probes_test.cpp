// SPDX-License-Identifier: Apache-2.0
#include "netd/peer_probes.hpp"

#include <gtest/gtest.h>

namespace paddock::netd {
namespace {

net::IpAddress ip(const char* text) { return boost::asio::ip::make_address(text); }

net::Peer host_of_both_families() {
  net::Peer peer;
  peer.host = "there";
  peer.v4 = net::TunnelEnd{ip("192.0.2.2"), net::MacAddress::parse("02:00:00:00:00:02")};
  peer.v6 = net::TunnelEnd{ip("2001:db8::2"), net::MacAddress::parse("02:00:00:00:06:02")};
  peer.subnets = {*net::Prefix::parse("10.42.2.0/24"), *net::Prefix::parse("fd42:0:0:2::/64")};
  return peer;
}

net::PeerStatus status_of(net::Peer peer, net::PeerPath path) {
  return {.peer = std::move(peer), .path = path, .trouble = {}, .since = {}};
}

ProbedPeer healthy() {
  ProbedPeer peer;
  peer.answered = std::chrono::system_clock::now();
  peer.latency = std::chrono::microseconds{1234};
  peer.known_mtu = 1500;
  peer.pod_mtu = 1450;
  peer.underlay_need = 1500;
  return peer;
}

TEST(PeerProbes, AskAtTheEndOfTheTunnel) {
  const auto self = host_of_both_families();

  const auto target =
      probe_target(self, 1430, status_of(host_of_both_families(), net::PeerPath::vxlan));

  ASSERT_TRUE(target);
  EXPECT_EQ(target->address, ip("10.42.2.0"));
  EXPECT_EQ(target->underlay, ip("192.0.2.2"));
  EXPECT_EQ(target->underlay_need, 1480U);
}

TEST(PeerProbes, TakeTheOtherFamilyWhereOnlyThatHasATunnel) {
  auto self = host_of_both_families();
  self.v4.reset();

  const auto target =
      probe_target(self, 1430, status_of(host_of_both_families(), net::PeerPath::vxlan));

  ASSERT_TRUE(target);
  EXPECT_EQ(target->underlay, ip("2001:db8::2"));
  EXPECT_EQ(target->underlay_need, 1500U);
}

TEST(PeerProbes, AskTheHostItselfWhereNoTunnelIs) {
  const auto target = probe_target(host_of_both_families(), 1500,
                                   status_of(host_of_both_families(), net::PeerPath::direct));

  ASSERT_TRUE(target);
  EXPECT_EQ(target->address, ip("192.0.2.2"));
  EXPECT_EQ(target->underlay_need, 1500U);
}

TEST(PeerProbes, AskNobodyWithoutAPath) {
  auto without_subnet = host_of_both_families();
  without_subnet.subnets.clear();

  const auto self = host_of_both_families();
  EXPECT_FALSE(probe_target(self, 1450, status_of(host_of_both_families(), net::PeerPath::none)));
  EXPECT_FALSE(probe_target(self, 1450, status_of(without_subnet, net::PeerPath::vxlan)));
}

TEST(ProbedPeer, WithAnUnderlayThatCarriesLessSaysWhichMtuFits) {
  auto peer = healthy();
  EXPECT_EQ(peer.size_trouble(), "");

  peer.known_mtu = 1400;

  EXPECT_NE(peer.size_trouble().find("carries packets of 1400 octets there"), std::string::npos);
  EXPECT_NE(peer.size_trouble().find("set --mtu to 1350"), std::string::npos);
}

TEST(ProbedPeer, IsSaidToLoseLargePacketsOnlyAfterThree) {
  auto peer = healthy();
  peer.large_lost = 2;
  EXPECT_EQ(peer.size_trouble(), "");

  peer.large_lost = 3;

  EXPECT_NE(peer.size_trouble().find("packets of 1450 octets are lost"), std::string::npos);
}

TEST(ProbedPeer, IsSilentOnlyAfterItAnsweredOnce) {
  auto peer = healthy();
  EXPECT_TRUE(peer.answers());
  EXPECT_FALSE(is_silent(peer));
  peer.missed = 3;
  EXPECT_TRUE(is_silent(peer));
  EXPECT_FALSE(peer.answers());

  peer.answered = {};

  EXPECT_FALSE(is_silent(peer));
  EXPECT_EQ(latency_text(std::chrono::microseconds{1234}), "1.23 ms");
  EXPECT_EQ(latency_text(std::chrono::microseconds{58}), "0.05 ms");
}

}  // namespace
}  // namespace paddock::netd
