// SPDX-License-Identifier: Apache-2.0
#include "netd/registrar.hpp"

#include "support/etcd_server.hpp"
#include "support/happening.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/service.hpp>
#include <paddock/metadata/store.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace paddock::netd {
namespace {

using namespace std::chrono_literals;

net::Lease lease(const char* container, const char* pod, const char* address) {
  net::Lease lease;
  lease.state = net::LeaseState::attached;
  lease.attachment.id = {"paddock", container, "eth0"};
  lease.attachment.addresses = {boost::asio::ip::make_address(address)};
  lease.pod = {"shop", pod, "", {{"app", "web"}}, {}};
  return lease;
}

// A registry that can come and go, and the registrar of host node-1.
class RegistrarTest : public testing::Test {
 protected:
  RegistrarTest() {
    store_ = metadata::open_embedded_store({.directory = folder_.path() / "store"});
    registrar_ = std::make_unique<Registrar>(
        open_registry({.location = "paddock:" + folder_.file("api.sock"),
                       .access = {},
                       .host = "node-1",
                       .state_dir = folder_.file("state")}),
        HostFacts{"node-1", {boost::asio::ip::make_address("192.0.2.1")}, {}});
  }
  ~RegistrarTest() override {
    registrar_.reset();
    api_.reset();
    store_.reset();
  }

  void serve() {
    metadata::ApiOptions options;
    options.http.unix_sockets = {{.path = folder_.file("api.sock"), .group = {}}};
    api_ = std::make_unique<metadata::ApiService>(*store_, std::move(options));
    api_->start();
  }

  std::shared_ptr<const metadata::Pod> pod(const char* name) const {
    return store_->cluster()->find<metadata::Pod>("shop", name);
  }

  // Waits for snapshots until the claim holds.
  bool comes_true(const std::function<bool()>& claim) const {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    for (;;) {
      const auto revision = store_->cluster()->revision();
      if (claim()) return true;
      if (!store_->wait(revision, deadline)) return claim();
    }
  }

  void put(const std::shared_ptr<metadata::Pod>& object) const {
    EXPECT_TRUE(store_->write({.object = object}).is_accepted());
  }

  test::TempFolder folder_;
  std::unique_ptr<metadata::Store> store_;
  std::unique_ptr<metadata::ApiService> api_;
  std::unique_ptr<Registrar> registrar_;
};

TEST_F(RegistrarTest, PodIsThereWhenAttachedReturnsAndGoneWhenDetachedDoes) {
  serve();
  registrar_->start({});

  registrar_->attached(lease("c1", "web", "10.42.0.2"));
  ASSERT_TRUE(pod("web"));
  EXPECT_EQ(pod("web")->addresses.front().to_string(), "10.42.0.2");
  EXPECT_EQ(pod("web")->host, "node-1");

  registrar_->detached(lease("c1", "web", "10.42.0.2"));
  EXPECT_FALSE(pod("web"));
}

TEST_F(RegistrarTest, WhatTheRegistryWillNeverTakeIsSaidWhileItIsThere) {
  serve();
  registrar_->start({});

  registrar_->attached(lease("c1", "Not_A_Name", "10.42.0.2"));
  EXPECT_EQ(registrar_->status().refused, 1U);
  EXPECT_NE(registrar_->status().refusal.find("Not_A_Name"), std::string::npos);

  registrar_->detached(lease("c1", "Not_A_Name", "10.42.0.2"));
  EXPECT_EQ(registrar_->status().refused, 0U);
}

TEST_F(RegistrarTest, HostIsRegistered) {
  serve();
  registrar_->start({});

  EXPECT_TRUE(
      comes_true([&] { return store_->cluster()->find<metadata::Host>("node-1") != nullptr; }));
}

// Others write to it, too: nothing of theirs is lost.
TEST_F(RegistrarTest, HostIsWrittenOverItsNewestStateOnly) {
  serve();
  registrar_->start({});
  const auto host = [this] { return store_->cluster()->find<metadata::Host>("node-1"); };
  ASSERT_TRUE(comes_true([&] { return host() != nullptr; }));

  for (int round = 0; round < 20; ++round) {
    registrar_->set_host({}, {{"round", std::to_string(round)}});
    auto labelled = metadata::clone(*host());
    labelled->labels = {{"rack", std::to_string(round)}};
    metadata::Write write{.object = labelled};
    write.if_match = labelled->revision;
    const bool is_mine = store_->write(std::move(write)).is_accepted();
    ASSERT_TRUE(comes_true([&] {
      const auto now = host();
      const auto* said = now->annotations.find("round");
      return said != nullptr && *said == std::to_string(round) &&
             (!is_mine || *now->labels.find("rack") == std::to_string(round));
    }));
  }
}

TEST_F(RegistrarTest, WhatHappenedWhileTheRegistryWasAwayIsDoneWhenItComes) {
  auto old = std::make_shared<metadata::Pod>();
  old->ns = "shop";
  old->name = "left-over";
  old->host = "node-1";
  old->annotations = {{attached_by, "netd"}};
  put(old);
  registrar_->start({lease("c0", "before", "10.42.0.2")});
  registrar_->attached(lease("c1", "web", "10.42.0.3"));
  EXPECT_TRUE(registrar_->status().is_behind);
  EXPECT_FALSE(pod("web"));

  serve();

  EXPECT_TRUE(comes_true([&] { return pod("before") && pod("web") && !pod("left-over"); }));
}

TEST_F(RegistrarTest, PodsOfOthersOnThisHostAreLeftAlone) {
  auto other = std::make_shared<metadata::Pod>();
  other->ns = "shop";
  other->name = "by-hand";
  other->host = "node-1";
  put(other);
  serve();

  registrar_->start({lease("c1", "web", "10.42.0.2")});

  EXPECT_TRUE(comes_true([&] { return pod("web") != nullptr; }));
  EXPECT_TRUE(pod("by-hand"));
}

TEST_F(RegistrarTest, APodThatComesFromAnotherHostKeepsItsLabels) {
  auto elsewhere = std::make_shared<metadata::Pod>();
  elsewhere->ns = "shop";
  elsewhere->name = "web";
  elsewhere->host = "node-2";
  elsewhere->labels = {{"team", "a"}};
  put(elsewhere);
  serve();
  registrar_->start({lease("c0", "first", "10.42.0.2")});
  const metadata::Key first{metadata::Kind::pod, "shop", "first"};
  ASSERT_TRUE(test::becomes_true([&] { return registrar_->find(first) != nullptr; }));
  EXPECT_FALSE(registrar_->find(elsewhere->key())) << "other hosts' pods are not kept";

  registrar_->attached(lease("c1", "web", "10.42.0.3"));

  EXPECT_EQ(pod("web")->host, "node-1");
  EXPECT_EQ(pod("web")->labels.find("team")->str(), "a");
  EXPECT_EQ(pod("web")->labels.find("app")->str(), "web");
}

TEST_F(RegistrarTest, APodSomebodyRemovedComesBack) {
  serve();
  registrar_->start({lease("c1", "web", "10.42.0.2")});
  ASSERT_TRUE(comes_true([&] { return pod("web") != nullptr; }));

  const auto removed = store_->write({.key = pod("web")->key()});

  ASSERT_TRUE(removed.is_accepted());
  EXPECT_TRUE(comes_true([&] { return pod("web") != nullptr; }));
}

TEST_F(RegistrarTest, ANewContainerUnderThePodsNameOutlivesTheOldOnesEnd) {
  serve();
  registrar_->start({});
  registrar_->attached(lease("old", "web", "10.42.0.2"));
  registrar_->attached(lease("new", "web", "10.42.0.3"));

  registrar_->detached(lease("old", "web", "10.42.0.2"));

  ASSERT_TRUE(pod("web"));
  EXPECT_EQ(pod("web")->external_id, "new");
  EXPECT_EQ(pod("web")->addresses.front().to_string(), "10.42.0.3");
}

TEST_F(RegistrarTest, ARefusedPodHoldsUpNoOther) {
  serve();
  registrar_->start({});
  auto wrong = lease("c1", "web", "10.42.0.2");
  wrong.pod.name = "Not A Name";

  registrar_->attached(wrong);
  registrar_->attached(lease("c2", "good", "10.42.0.3"));

  EXPECT_TRUE(pod("good"));
  EXPECT_FALSE(registrar_->status().last_error.empty());
}

// What holds of a registry, however it gets at the store: `one` and `other` lead to the same.
void expect_that_the_first_wins(Registry& one, Registry& other) {
  using Outcome = Registry::Outcome;
  metadata::Subnet claim;
  claim.name = "10.42.3.0-24";
  claim.host = "node-1";
  claim.subnets = {{boost::asio::ip::make_address("10.42.3.0"), 24}};
  auto theirs = claim;
  theirs.host = "node-2";

  const auto made = one.create(claim);
  EXPECT_EQ(made.outcome, Outcome::done) << made.text;
  EXPECT_EQ(other.create(theirs).outcome, Outcome::late);
  claim.host_uid = "u1";
  const auto changed = one.replace(claim, made.revision);
  EXPECT_EQ(changed.outcome, Outcome::done) << changed.text;
  EXPECT_GT(changed.revision, made.revision);
  EXPECT_EQ(one.replace(claim, made.revision).outcome, Outcome::late);
  EXPECT_EQ(one.erase(claim.key(), made.revision).outcome, Outcome::late);
  EXPECT_EQ(one.erase(claim.key(), changed.revision).outcome, Outcome::done);
  EXPECT_EQ(one.erase(claim.key(), changed.revision).outcome, Outcome::late);
  EXPECT_EQ(other.create(theirs).outcome, Outcome::done);
}

TEST_F(RegistrarTest, WhatHostsContendForIsTheFirstOnes) {
  serve();
  const auto open = [&](const char* host) {
    return open_registry({.location = "paddock:" + folder_.file("api.sock"),
                          .access = {},
                          .host = host,
                          .state_dir = folder_.file(host)});
  };
  expect_that_the_first_wins(*open("node-1"), *open("node-2"));
}

TEST(StoreRegistry, WhatHostsContendForIsTheFirstOnes) {
  test::EtcdServer etcd;
  etcd.start();
  etcd.wait_until_ready();
  const test::TempFolder folder;
  const auto open = [&](const char* host) {
    auto opened = open_registry({.location = "etcd:" + etcd.url(),
                                 .access = {},
                                 .host = host,
                                 .state_dir = folder.file(host)});
    opened->start();
    while (!opened->is_connected())
      (void)opened->next(opened->cluster(), std::chrono::steady_clock::now() + 50ms);
    return opened;
  };
  const auto one = open("node-1");
  const auto other = open("node-2");

  expect_that_the_first_wins(*one, *other);
  one->stop();
  other->stop();
}

TEST(StoreRegistry, RegistersWhereNetdOpensTheStoreItself) {
  test::EtcdServer etcd;
  etcd.start();
  etcd.wait_until_ready();
  const test::TempFolder folder;
  const auto open = [&](const char* host) {
    return open_registry({.location = "etcd:" + etcd.url(),
                          .access = {},
                          .host = host,
                          .state_dir = folder.file(host)});
  };
  Registrar here(open("node-1"), HostFacts{"node-1", {}, {}});
  const auto there = open("node-2");
  there->start();
  here.start({lease("c1", "web", "10.42.0.2")});

  std::shared_ptr<const metadata::Cluster> seen;
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!(seen && seen->find<metadata::Pod>("shop", "web"))) {
    seen = there->next(seen, deadline);
    ASSERT_TRUE(seen);
  }

  EXPECT_EQ(seen->find<metadata::Pod>("shop", "web")->host, "node-1");
  EXPECT_TRUE(seen->find<metadata::Host>("node-1"));
  EXPECT_TRUE(here.status().is_connected);
  there->stop();
}

}  // namespace
}  // namespace paddock::netd
