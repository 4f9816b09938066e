// SPDX-License-Identifier: Apache-2.0
#include "netd/host_overlay.hpp"

#include "support/happening.hpp"
#include "support/network_namespace.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace paddock::netd {
namespace {

using net::OverlayBackend;

// Says what the test tells it to.
class Registry final : public SubnetRegistry {
 public:
  void start(std::function<void()>) override {}
  void stop() override {}
  std::shared_ptr<const SubnetView> view() const override { return nullptr; }
  std::optional<net::OverlaySettings> settings(net::OverlaySettings options) const override {
    const std::lock_guard lock(mutex_);
    options.backend = backend_;
    return options;
  }
  PeerChanges peer_changes() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(changes_, {});
  }
  Answer take(const Subnets&) override { return {}; }
  void release(const Subnets&) override {}
  void publish(const net::Peer&) override {}
  Answer keep() override { return {}; }
  std::string trouble() const override { return {}; }

  void say(OverlayBackend backend) {
    const std::lock_guard lock(mutex_);
    backend_ = backend;
  }
  void say(PeerChanges changes) {
    const std::lock_guard lock(mutex_);
    changes_ = std::move(changes);
  }

 private:
  mutable std::mutex mutex_;
  OverlayBackend backend_ = OverlayBackend::vxlan;
  PeerChanges changes_;
};

net::Peer peer_seven() {
  net::Peer peer;
  peer.host = "host7";
  peer.v4 = net::TunnelEnd{boost::asio::ip::make_address("192.0.2.7"),
                           net::MacAddress::parse("02:00:00:00:00:07")};
  peer.subnets = {*net::Prefix::parse("10.42.7.0/24")};
  return peer;
}

std::vector<std::string> hosts_of(const HostOverlay& overlay) {
  std::vector<std::string> hosts;
  overlay.each_peer([&](const net::PeerStatus& status) { hosts.push_back(status.peer.host); });
  return hosts;
}

TEST(HostOverlay, ThatCouldNotBeMadeIsTriedAgainAndHasItsPeers) {
  const test::Namespace ns;
  ns.must("ip link add up0 type veth peer name up1");
  ns.must("ip addr add 192.0.2.1/24 dev up0");
  ns.must("ip link set up0 up");
  const test::TempFolder folder;
  const auto key_file = folder.path() / "wireguard.key";
  std::ofstream(key_file) << "no key\n";
  Registry registry;
  registry.say({.is_whole = true, .put = {peer_seven()}, .gone = {}});
  net::OverlaySettings options;
  options.host = "host1";
  options.interface = "up0";
  HostOverlay overlay(
      ns.get(), registry, options, {*net::Prefix::parse("10.42.1.0/24")}, key_file,
      {.self = [](const net::Peer&) {}, .repaired = [](const auto&) {}, .followed = {}});
  overlay.start();
  overlay.wake();
  const std::vector<std::string> seven{"host7"};
  ASSERT_TRUE(test::becomes_true([&] { return hosts_of(overlay) == seven; }));

  registry.say(OverlayBackend::wireguard);
  overlay.wake();
  ASSERT_TRUE(test::becomes_true([&] { return overlay.trouble().starts_with("there is none: "); }));
  EXPECT_FALSE(overlay.self());

  registry.say(OverlayBackend::vxlan);  // and nobody wakes it

  EXPECT_TRUE(test::becomes_true([&] { return overlay.self().has_value(); }));
  EXPECT_EQ(hosts_of(overlay), seven);
}

}  // namespace
}  // namespace paddock::netd
