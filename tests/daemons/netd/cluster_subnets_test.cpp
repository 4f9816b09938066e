// SPDX-License-Identifier: Apache-2.0
#include "netd/cluster_subnets.hpp"

#include "netd/host_subnets.hpp"
#include "netd/registrar.hpp"
#include "support/etcd_server.hpp"
#include "support/happening.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/cluster.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <set>
#include <thread>

namespace paddock::netd {
namespace {

using namespace std::chrono_literals;

net::Prefix prefix(const std::string& text) { return net::Prefix::parse(text).value(); }

// Hosts that claim subnets in one etcd, each by a registry of its own.
class ClusterSubnetsTest : public testing::Test {
 protected:
  struct Node {
    std::string name;
    std::shared_ptr<Registry> cluster;
    std::unique_ptr<Registrar> registrar;
    std::unique_ptr<SubnetRegistry> registry;
    std::unique_ptr<HostSubnets> subnets;
  };

  ClusterSubnetsTest() {
    server_.start();
    server_.wait_until_ready();
  }
  ~ClusterSubnetsTest() override {
    for (auto& node : nodes_) close(node);
  }

  static ClaimOptions options_of(const std::string& name, unsigned length) {
    return {.host = name,
            .annotations = "flannel.alpha.coreos.com/",
            .v4 = net::SubnetPool::make(prefix("10.9.0.0/24"), length).value(),
            .v6 = net::SubnetPool::make(prefix("fd09::/56"), 64).value(),
            .networks = {prefix("10.9.0.0/24"), prefix("fd09::/56")},
            .grace = 100ms};
  }
  Node& add(int number, unsigned length = 28) {
    auto& node = nodes_.emplace_back();
    node.name = "node-" + std::to_string(number);
    open(node, length);
    return node;
  }
  // As netd does it: the host registers itself, and claims.
  void open(Node& node, unsigned length = 28) {
    node.cluster = open_registry({.location = "etcd:" + server_.url(),
                                  .access = {},
                                  .host = node.name,
                                  .state_dir = folder_.file(node.name)});
    node.registrar = std::make_unique<Registrar>(node.cluster, HostFacts{node.name, {}, {}});
    node.registry = open_cluster_subnets(node.cluster, options_of(node.name, length));
    node.subnets = std::make_unique<HostSubnets>(
        *node.registry, folder_.file(node.name + ".subnets"),
        [](const net::Prefix&) { return true; }, [this] { happening_.note(); });
    node.registrar->start({});
    auto* subnets = node.subnets.get();
    node.registry->start([this, subnets] {
      subnets->wake();
      happening_.note();
    });
  }
  static void close(Node& node) {
    if (!node.registry) return;
    node.cluster->stop();
    node.registry->stop();
    node.subnets.reset();
    node.registry.reset();
    node.registrar.reset();
    node.cluster.reset();
  }

  bool comes_true(const std::function<bool()>& claim) { return happening_.makes_true(claim); }
  static std::string only(const Node& node) {
    const auto held = node.subnets->held();
    return held.size() == 1 && !held.front().is_closed ? to_text(held.front().subnets) : "";
  }
  static std::shared_ptr<const metadata::Subnet> claim_at(const Node& node,
                                                          const std::string& name) {
    const auto cluster = node.cluster->cluster();
    return cluster ? cluster->find<metadata::Subnet>(name) : nullptr;
  }
  static std::string name_of(const Node& node) {
    const auto held = node.subnets->held();
    return held.empty() ? "" : metadata::subnet_name({held.front().subnets.v4->address, 28});
  }

  test::TempFolder folder_;
  test::EtcdServer server_;
  test::Happening happening_;
  std::deque<Node> nodes_;
};

TEST_F(ClusterSubnetsTest, HostsThatStartAtOnceShareNone) {
  constexpr int hosts = 8;
  for (int i = 1; i <= hosts; ++i) add(i).subnets->start();

  ASSERT_TRUE(comes_true([&] {
    return std::ranges::all_of(nodes_, [](const Node& node) { return !only(node).empty(); });
  }));

  std::set<std::string> seen;
  for (const auto& node : nodes_) {
    EXPECT_TRUE(seen.insert(only(node)).second) << only(node);
    const auto claim = claim_at(node, name_of(node));
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->host, node.name);
    EXPECT_EQ(claim->subnets.size(), 2U);  // one of each family, in one claim
  }
}

// The claim is a lock here: everybody takes and gives back, and nobody may meet anybody.
TEST_F(ClusterSubnetsTest, ASubnetIsOneHostsAtATimeAlsoWhenLengthsDiffer) {
  constexpr int hosts = 6;
  constexpr int rounds = 25;
  constexpr int units = 4;  // of 16 addresses, fought for by all
  for (int i = 0; i < hosts; ++i) add(i, i % 2 == 0 ? 28 : 27);
  for (auto& node : nodes_)
    ASSERT_TRUE(comes_true([&] {
      const auto cluster = node.cluster->cluster();
      return cluster && cluster->find<metadata::Host>(node.name);
    }));
  std::array<std::atomic<int>, units> holders{};
  std::atomic<int> taken = 0;
  std::atomic<bool> have_met = false;

  const auto contend = [&](Node& node, unsigned seed) {
    std::minstd_rand chance(seed);
    const bool is_wide = seed % 2 != 0;
    for (int round = 0; round < rounds; ++round) {
      const unsigned first = is_wide ? chance() % 2 * 2 : chance() % units;
      const unsigned size = is_wide ? 2 : 1;
      const Subnets wanted{
          .v4 = prefix("10.9.0." + std::to_string(first * 16) + (is_wide ? "/27" : "/28")),
          .v6 = {}};
      if (node.registry->take(wanted).outcome != SubnetRegistry::Outcome::done) continue;
      ++taken;
      for (unsigned unit = first; unit < first + size; ++unit)
        if (holders.at(unit).fetch_add(1) != 0) have_met = true;
      for (unsigned unit = first; unit < first + size; ++unit) --holders.at(unit);
      node.registry->release(wanted);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < hosts; ++i) threads.emplace_back([&, i] { contend(nodes_.at(i), i); });
  }

  EXPECT_FALSE(have_met);
  EXPECT_GT(taken, 0);
}

TEST_F(ClusterSubnetsTest, AClaimThatGoesIsMadeAgain) {
  auto& node = add(1);
  node.subnets->start();
  ASSERT_TRUE(comes_true([&] { return claim_at(node, name_of(node)) != nullptr; }));
  const auto before = only(node);
  const auto claim = claim_at(node, name_of(node));

  ASSERT_EQ(node.cluster->erase(claim->key(), claim->revision).outcome, Registry::Outcome::done);

  EXPECT_TRUE(comes_true([&] {
    const auto again = claim_at(node, name_of(node));
    return again && again->revision > claim->revision;
  }));
  EXPECT_EQ(only(node), before);
}

TEST_F(ClusterSubnetsTest, AHostGoesOnAndRestartsWithoutEtcd) {
  auto& node = add(1);
  node.subnets->start();
  ASSERT_TRUE(comes_true([&] { return !only(node).empty(); }));
  const auto before = only(node);
  close(node);
  server_.kill();

  open(node);
  EXPECT_EQ(only(node), before);  // at once, of what is on disk
  node.subnets->start();
  ASSERT_TRUE(comes_true([&] { return !node.registry->trouble().empty(); }));
  server_.start();

  EXPECT_TRUE(comes_true([&] { return node.registry->trouble().empty(); }));
  EXPECT_EQ(only(node), before);
}

TEST_F(ClusterSubnetsTest, WhatAGoneHostLeftIsGivenBackAndNotBeforeItsPods) {
  auto& node = add(1);
  auto& watcher = add(2);
  node.subnets->start();
  watcher.subnets->start();
  ASSERT_TRUE(comes_true([&] { return claim_at(watcher, name_of(node)) != nullptr; }));
  const auto name = name_of(node);
  metadata::Pod pod;
  pod.ns = "shop";
  pod.name = "web";
  pod.host = node.name;
  ASSERT_EQ(watcher.cluster->put(pod).outcome, Registry::Outcome::done);
  close(node);
  ASSERT_EQ(watcher.cluster->erase({metadata::Kind::host, "", node.name}).outcome,
            Registry::Outcome::done);

  // It would be given back before this one is, were there no pod.
  auto& late = add(3);
  late.subnets->start();
  ASSERT_TRUE(comes_true([&] { return claim_at(watcher, name_of(late)) != nullptr; }));
  const auto later = name_of(late);
  close(late);
  ASSERT_EQ(watcher.cluster->erase({metadata::Kind::host, "", late.name}).outcome,
            Registry::Outcome::done);
  ASSERT_TRUE(comes_true([&] { return !claim_at(watcher, later); }));
  EXPECT_TRUE(claim_at(watcher, name));
  ASSERT_EQ(watcher.cluster->erase(pod.key()).outcome, Registry::Outcome::done);

  EXPECT_TRUE(comes_true([&] { return !claim_at(watcher, name); }));
}

TEST_F(ClusterSubnetsTest, AReservationIsTakenUpAndLeftAsItIs) {
  auto& other = add(2);
  ASSERT_TRUE(comes_true([&] { return other.cluster->cluster() != nullptr; }));
  metadata::Subnet reserved;
  reserved.name = "10.9.0.64-28";
  reserved.host = "node-1";
  reserved.subnets = {{boost::asio::ip::make_address("10.9.0.64"), 28},
                      {boost::asio::ip::make_address("fd09:0:0:4::"), 64}};
  ASSERT_TRUE(comes_true(
      [&] { return other.cluster->create(reserved).outcome == Registry::Outcome::done; }));

  auto& node = add(1);
  node.subnets->start();

  EXPECT_TRUE(comes_true([&] { return only(node) == "10.9.0.64/28 and fd09:0:0:4::/64"; }));
  EXPECT_EQ(claim_at(node, "10.9.0.64-28")->host_uid, "");
}

}  // namespace
}  // namespace paddock::netd
