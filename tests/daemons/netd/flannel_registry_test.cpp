// SPDX-License-Identifier: Apache-2.0
#include "netd/flannel_registry.hpp"

#include "netd/host_subnets.hpp"
#include "support/etcd_server.hpp"
#include "support/happening.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/etcd.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace paddock::netd {
namespace {

using namespace std::chrono_literals;
namespace etcd = metadata::etcd;

constexpr const char* network = R"({"Network": "10.9.0.0/24", "SubnetLen": 28,
                                   "Backend": {"Type": "vxlan", "VNI": 3}})";

net::Peer self_of(int number) {
  net::Peer self;
  self.host = "node-" + std::to_string(number);
  self.vni = 3;
  net::MacAddress mac;
  mac.octets = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(number)};
  self.v4 = net::TunnelEnd{boost::asio::ip::make_address("192.0.2." + std::to_string(number)), mac};
  return self;
}

// Hosts of a flannel network around one etcd.
class FlannelRegistryTest : public testing::Test {
 protected:
  struct Node {
    std::unique_ptr<SubnetRegistry> registry;
    std::unique_ptr<HostSubnets> subnets;
    std::map<std::string, net::Peer> peers;  // as the overlay would have them
  };

  FlannelRegistryTest() {
    server_.start();
    client_ = std::make_unique<etcd::Client>(
        etcd::Options{.endpoints = {server_.url()}, .access = {}, .timeout = 20s});
    comes_true([&] { return put("/coreos.com/network/config", network); });
  }
  ~FlannelRegistryTest() override {
    for (auto& node : nodes_) {
      if (node.registry) close(node);
    }
  }

  bool put(const std::string& key, const std::string& value) {
    return client_->commit({.when = {}, .then = {etcd::Put{.key = key, .value = value}}})
        .has_value();
  }
  bool erase(const std::string& key) {
    return client_->commit({.when = {}, .then = {etcd::Erase{.key = key}}}).has_value();
  }
  std::map<std::string, etcd::KeyValue> keys() {
    const std::string prefix = "/coreos.com/network/subnets/";
    std::map<std::string, etcd::KeyValue> all;
    const auto found = client_->all({.key = prefix, .end = etcd::end_of_prefix(prefix)});
    if (!found) return all;
    for (const auto& value : found->values) all[value.key.substr(prefix.size())] = value;
    return all;
  }

  Node& add(int number) {
    auto& node = nodes_.emplace_back();
    open(node, number);
    return node;
  }
  void open(Node& node, int number) {
    const auto file = folder_.file(std::to_string(number));
    auto options = parse_flannel_location("flannel-etcd:" + server_.url()).value();
    options.state_file = file + ".flannel";
    node.registry = open_flannel_registry(options);
    node.subnets = std::make_unique<HostSubnets>(
        *node.registry, file + ".subnets", [this](const net::Prefix&) { return has_pods_.load(); },
        [this] { happening_.note(); });
    if (former_) node.subnets->prefer(*former_);
    auto* subnets = node.subnets.get();
    node.registry->start([this, subnets] {
      subnets->wake();
      happening_.note();
    });
    node.registry->publish(self_of(number));
    node.subnets->start();
  }
  static void close(Node& node) {
    node.registry->stop();
    node.subnets.reset();
    node.registry.reset();
  }

  bool comes_true(const std::function<bool()>& claim) { return happening_.makes_true(claim); }
  static std::string only(const Node& node) {
    const auto held = node.subnets->held();
    return held.size() == 1 && !held.front().is_closed ? to_text(held.front().subnets) : "";
  }
  static void follow(Node& node) {
    auto changes = node.registry->peer_changes();
    if (changes.is_whole) node.peers.clear();
    for (auto& peer : changes.put) node.peers[peer.host] = peer;
    for (const auto& host : changes.gone) node.peers.erase(host);
  }

  test::TempFolder folder_;
  test::EtcdServer server_;
  std::unique_ptr<etcd::Client> client_;
  test::Happening happening_;
  std::atomic<bool> has_pods_{true};
  std::optional<Subnets> former_;
  std::deque<Node> nodes_;
};

TEST_F(FlannelRegistryTest, HostsThatRaceNeverShareASubnet) {
  constexpr int hosts = 15;  // as many as there are subnets: each is fought for
  for (int i = 1; i <= hosts; ++i) add(i);
  ASSERT_TRUE(comes_true([&] {
    return std::ranges::all_of(nodes_, [](const Node& node) { return !only(node).empty(); });
  }));
  std::set<std::string> seen;
  for (const auto& node : nodes_) EXPECT_TRUE(seen.insert(only(node)).second) << only(node);
  EXPECT_EQ(keys().size(), static_cast<std::size_t>(hosts));
}

TEST_F(FlannelRegistryTest, WritesWhatFlannelWrites) {
  auto& node = add(7);
  ASSERT_TRUE(comes_true([&] { return !only(node).empty(); }));
  const auto stored = keys();
  ASSERT_EQ(stored.size(), 1U);
  const auto& [name, value] = *stored.begin();
  EXPECT_EQ(net::flannel::parse_key(name)->v4->to_string(), only(node));
  EXPECT_EQ(value.value, R"({"PublicIP":"192.0.2.7","PublicIPv6":null,"BackendType":"vxlan",)"
                         R"("BackendData":{"VNI":3,"VtepMAC":"02:00:00:00:00:07"}})");
  const auto lease = client_->time_to_live(value.lease);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->granted, 24h);
}

TEST_F(FlannelRegistryTest, AKeyThatGoesIsClaimedAgain) {
  auto& node = add(1);
  ASSERT_TRUE(comes_true([&] { return !only(node).empty(); }));
  const auto before = keys().begin()->first;
  ASSERT_TRUE(client_->revoke(keys().begin()->second.lease));
  ASSERT_TRUE(comes_true([&] { return keys().contains(before); }));
  EXPECT_EQ(keys().size(), 1U);
}

TEST_F(FlannelRegistryTest, ARestartedHostHasTheSameSubnetAlsoWithoutEtcd) {
  auto& node = add(1);
  ASSERT_TRUE(comes_true([&] { return !only(node).empty(); }));
  const auto before = only(node);
  close(node);
  server_.kill();

  open(node, 1);
  EXPECT_EQ(only(node), before);  // at once, of what is on disk
  server_.start();
  ASSERT_TRUE(comes_true([&] { return node.registry->trouble().empty(); }));
  EXPECT_EQ(only(node), before);
  EXPECT_EQ(keys().size(), 1U);
}

TEST_F(FlannelRegistryTest, AHostTakesOverFromTheFlannelBeforeIt) {
  ASSERT_TRUE(put("/coreos.com/network/subnets/10.9.0.64-28",
                  R"({"PublicIP":"192.0.2.1","PublicIPv6":null,"BackendType":"vxlan",)"
                  R"("BackendData":{"VNI":3,"VtepMAC":"ee:ee:ee:ee:ee:01"}})"));
  auto& node = add(1);
  ASSERT_TRUE(comes_true([&] { return only(node) == "10.9.0.64/28"; }));
  // Others must send to our device, not to flannel's.
  EXPECT_TRUE(comes_true(
      [&] { return keys()["10.9.0.64-28"].value.find("02:00:00:00:00:01") != std::string::npos; }));
}

TEST_F(FlannelRegistryTest, WhatFlannelHadIsClaimedFirstAlsoWhenItsKeyIsGone) {
  auto& node = nodes_.emplace_back();
  former_ = net::flannel::parse_key("10.9.0.160-28");

  open(node, 1);

  EXPECT_TRUE(comes_true([&] { return only(node) == "10.9.0.160/28"; }));
}

TEST_F(FlannelRegistryTest, AKeyOfANetworkAsItWasBeforeIsErased) {
  const auto lease = client_->grant(1h);
  ASSERT_TRUE(lease);
  const std::string old = "/coreos.com/network/subnets/10.77.0.0-28";
  ASSERT_TRUE(client_->commit(
      {.when = {},
       .then = {etcd::Put{.key = old,
                          .value = R"({"PublicIP":"192.0.2.1","BackendType":"host-gw"})",
                          .lease = lease->id}}}));

  auto& node = add(1);

  ASSERT_TRUE(comes_true([&] { return !only(node).empty(); }));
  EXPECT_TRUE(comes_true([&] { return !keys().contains("10.77.0.0-28"); }));
}

TEST_F(FlannelRegistryTest, AFullSubnetGetsAFurtherOne) {
  auto& node = add(1);
  ASSERT_TRUE(comes_true([&] { return !only(node).empty(); }));
  node.subnets->set_nearly_full(true);
  ASSERT_TRUE(comes_true([&] { return node.subnets->held().size() == 2; }));
  EXPECT_EQ(keys().size(), 2U);
  auto& other = add(2);
  EXPECT_TRUE(comes_true([&] {
    follow(other);
    return other.peers.contains("192.0.2.1") && other.peers["192.0.2.1"].subnets.size() == 2;
  }));
}

TEST_F(FlannelRegistryTest, ASubnetThatIsAnothersIsClosed) {
  auto& node = add(1);
  ASSERT_TRUE(comes_true([&] { return !only(node).empty(); }));
  const auto lost = keys().begin()->first;
  close(node);
  ASSERT_TRUE(erase("/coreos.com/network/subnets/" + lost));
  ASSERT_TRUE(put("/coreos.com/network/subnets/" + lost,
                  R"({"PublicIP":"192.0.2.99","BackendType":"host-gw"})"));

  open(node, 1);
  ASSERT_TRUE(comes_true([&] { return node.subnets->held().size() == 2; }));
  EXPECT_TRUE(node.subnets->held().front().is_closed);
  EXPECT_FALSE(node.subnets->held().back().is_closed);
  EXPECT_NE(node.subnets->trouble().find("192.0.2.99"), std::string::npos);
  EXPECT_NE(keys()[lost].value.find("192.0.2.99"), std::string::npos);  // left alone

  has_pods_ = false;
  node.subnets->wake();
  ASSERT_TRUE(comes_true([&] { return node.subnets->held().size() == 1; }));
  EXPECT_FALSE(node.subnets->held().front().is_closed);
  EXPECT_EQ(node.subnets->trouble(), "");
}

TEST_F(FlannelRegistryTest, AnOldKeyOutsideOfTheNetworkIsNotTakenUp) {
  ASSERT_TRUE(put("/coreos.com/network/subnets/10.77.0.0-28",
                  R"({"PublicIP":"192.0.2.1","BackendType":"host-gw"})"));

  auto& node = add(1);

  ASSERT_TRUE(comes_true([&] { return !only(node).empty(); }));
  EXPECT_TRUE(only(node).starts_with("10.9.")) << only(node);
  EXPECT_EQ(node.subnets->trouble(), "");
}

TEST_F(FlannelRegistryTest, PeersComeChangeAndGo) {
  auto& node = add(1);
  const auto peer = [&]() -> std::optional<net::Peer> {
    follow(node);
    const auto found = node.peers.find("192.0.2.50");
    return found == node.peers.end() ? std::nullopt : std::optional(found->second);
  };
  const auto write = [&](const char* mac) {
    return put("/coreos.com/network/subnets/10.9.0.16-28",
               R"({"PublicIP":"192.0.2.50","PublicIPv6":null,"BackendType":"vxlan",)"
               R"("BackendData":{"VNI":3,"VtepMAC":")" +
                   std::string(mac) + R"("}})");
  };
  ASSERT_TRUE(write("ee:00:00:00:00:01"));
  ASSERT_TRUE(comes_true([&] { return peer().has_value(); }));
  EXPECT_EQ(peer()->v4->mac, net::MacAddress::parse("ee:00:00:00:00:01"));
  EXPECT_EQ(peer()->subnets.front().to_string(), "10.9.0.16/28");

  // given: a change while we are not looking
  server_.kill();
  ASSERT_TRUE(comes_true([&] { return !node.registry->trouble().empty(); }));
  server_.start();
  ASSERT_TRUE(comes_true([&] { return write("ee:00:00:00:00:02"); }));
  EXPECT_TRUE(comes_true(
      [&] { return peer() && peer()->v4->mac == net::MacAddress::parse("ee:00:00:00:00:02"); }));

  ASSERT_TRUE(erase("/coreos.com/network/subnets/10.9.0.16-28"));
  EXPECT_TRUE(comes_true([&] { return !peer(); }));
  EXPECT_FALSE(node.peers.contains("192.0.2.1"));  // itself is no peer
}

TEST_F(FlannelRegistryTest, TheNetworkSaysHowTheOverlayIs) {
  auto& node = add(1);
  ASSERT_TRUE(comes_true([&] { return node.registry->settings({}).has_value(); }));
  const auto settings = node.registry->settings({});
  EXPECT_EQ(settings->vni, 3U);
  EXPECT_EQ(settings->device_prefix, "flannel");
  EXPECT_EQ(settings->backend, net::OverlayBackend::vxlan);
}

TEST(FlannelLocation, IsEtcdWithFlannelsPrefix) {
  EXPECT_EQ(parse_flannel_location("flannel-etcd:http://one,two")->prefix, "/coreos.com/network");
  const auto own = parse_flannel_location("flannel-etcd:https://one:2379/my/net");
  EXPECT_EQ(own->prefix, "/my/net");
  EXPECT_EQ(own->endpoints, (std::vector<std::string>{"https://one:2379"}));
  EXPECT_FALSE(parse_flannel_location("flannel-etcd:one"));
  EXPECT_FALSE(parse_flannel_location("paddock:/run/x.sock"));
}

}  // namespace
}  // namespace paddock::netd
