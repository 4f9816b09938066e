// SPDX-License-Identifier: Apache-2.0
//
// The life of pods as a runtime sees it, with leases on disk and links in a real kernel.
#include "support/pods.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <set>
#include <string>
#include <vector>

namespace paddock::net {
namespace {

using test::address_in;
using test::cni_request;
using test::Namespace;
using test::PodHost;
using test::prefix;

constexpr const char* web = "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0";

TEST(Pods, AnImpatientRuntimeGetsTheSameAnswerAgain) {
  PodHost host;
  Namespace pod;
  const auto first = host.add("c1", pod);

  const auto again = host.add("c1", pod);

  EXPECT_EQ(again, first);
  EXPECT_EQ(host.taken(), 2U) << "one address of each family";
  EXPECT_EQ(host.pods().leases().size(), 1U);
}

TEST(Pods, ABrokenPodIsMendedOrMadeAnewUnderItsAddress) {
  PodHost host;
  Namespace pod;
  const auto first = host.add("c1", pod);
  host.host.ns.must("ip route flush proto 142");

  const auto mended = host.add("c1", pod);
  pod.must("ip link del eth0");
  const auto anew = host.add("c1", pod);

  EXPECT_EQ(mended, first);
  EXPECT_EQ(anew["ips"], first["ips"]);
  EXPECT_TRUE(pod.pings("10.42.0.1"));
}

TEST(Pods, TheSameIdInAnotherNamespaceIsAnotherPod) {
  PodHost host;
  Namespace one;
  Namespace two;
  host.add("c1", one);

  host.add("c1", two);

  EXPECT_EQ(host.pods().leases().size(), 1U);
  EXPECT_EQ(host.taken(), 2U);
  EXPECT_TRUE(two.pings("10.42.0.1"));
  EXPECT_FALSE(one.pings("10.42.0.1"));
}

TEST(Pods, DelSucceedsInEveryBrokenState) {
  PodHost host;
  EXPECT_TRUE(host.del("never")) << "no record at all";
  Namespace gone;
  host.add("gone", gone);
  gone.close();
  EXPECT_TRUE(host.del("gone")) << "no namespace";
  Namespace bare;
  host.add("bare", bare);
  bare.must("ip link del eth0");
  EXPECT_TRUE(host.del("bare")) << "no interface";
  Namespace lost;
  const auto made = host.add("lost", lost);
  host.host.ns.must("ip link set " + made["interfaces"][0]["name"].get<std::string>() +
                    " group 0 alias x");
  EXPECT_TRUE(host.del("lost")) << "a link that somebody took over";
  EXPECT_TRUE(host.del("lost")) << "again";
  EXPECT_EQ(host.taken(), 0U);
}

TEST(Pods, AFailedAddLeavesNothing) {
  PodHost host;
  Namespace pod;
  pod.must("ip link add eth0 type veth peer name other");

  EXPECT_THROW(host.add("c1", pod), std::runtime_error);

  EXPECT_EQ(host.taken(), 0U);
  EXPECT_TRUE(host.pods().leases().empty());
  EXPECT_EQ(host.host.ns.json("ip -j link show type veth").size(), 0U);
}

TEST(Pods, CheckSeesALostGatewayOnEitherDataPath) {
  PodHost host;
  Namespace routed;
  Namespace bridged;
  const auto first = host.add("c1", routed);
  const auto second = host.add("c2", bridged, R"("dataPath":"bridge")");
  ASSERT_EQ(host.check("c1", routed, first), "");
  ASSERT_EQ(host.check("c2", bridged, second), "");

  host.host.ns.must("ip addr del 10.42.0.1/32 dev paddock0");
  host.host.ns.must("ip addr del 10.42.0.1/24 dev br-net");

  EXPECT_NE(host.check("c1", routed, first).find("10.42.0.1"), std::string::npos);
  EXPECT_NE(host.check("c2", bridged, second).find("10.42.0.1"), std::string::npos);
}

TEST(Pods, ABridgedPodIsToldOfItsBridgeAndSubnet) {
  PodHost host;
  Namespace pod;

  const auto result = host.add("c1", pod, R"("dataPath":"bridge","bridge":"cni0")");

  ASSERT_EQ(result["interfaces"].size(), 3U);
  EXPECT_EQ(result["interfaces"][0]["name"], "cni0");
  EXPECT_EQ(result["ips"][0]["address"], "10.42.0.2/24");
  EXPECT_EQ(result["ips"][0]["interface"], 2);
  EXPECT_TRUE(pod.pings("10.42.0.1"));
}

TEST(Pods, ManyWhoLeaveAtOnceLeaveNothing) {
  PodHost host;
  std::vector<Namespace> pods(12);
  for (std::size_t i = 0; i < pods.size(); ++i) {
    host.add("c" + std::to_string(i), pods[i]);
    ASSERT_TRUE(pods[i].pings("10.42.0.1", "-c 3 -i 0.1"));
  }
  std::vector<std::function<void()>> rests(pods.size());

  for (std::size_t i = 0; i < pods.size(); ++i)
    ASSERT_TRUE(host.pods().answer(cni_request("DEL", "c" + std::to_string(i)), nullptr, rests[i]));
  for (const auto& rest : rests) rest();
  host.stop();  // which waits for them

  const auto left = host.host.ns.run("cat /proc/net/nf_conntrack").text;
  EXPECT_EQ(left.find("10.42.0."), std::string::npos) << left;
  EXPECT_EQ(host.host.ns.run("ip -o link show group 1420").text, "");
  host.start();
  EXPECT_EQ(host.taken(), 0U);
  EXPECT_TRUE(host.repaired().empty()) << host.repaired().front();
}

TEST(Pods, NetworksHaveTheirOwnPools) {
  PodHost host([](PodNetworkOptions& options) {
    options.networks["net"] = {
        .name = "net",
        .subnets = {{.network = prefix("10.43.0.0/24"), .gateway = {}, .ranges = {}}},
        .exclusions = {}};
  });
  Namespace pod;

  const auto result = host.add("c1", pod, R"("dataPath":"bridge")");

  EXPECT_EQ(result["ips"].size(), 1U);
  EXPECT_EQ(result["ips"][0]["address"], "10.43.0.2/24");
}

TEST(Pods, APodOfTheSameNameGetsItsAddressBackWhenItAsks) {
  PodHost host;
  Namespace before;
  const auto first = host.add("c1", before, "", web);
  ASSERT_TRUE(host.del("c1"));
  host.stop();
  host.start();

  Namespace after;
  const auto again = host.add("c2", after, R"("stickyAddresses":true)", web);
  Namespace third;
  const auto other = host.add("c3", third, R"("stickyAddresses":true)", web);

  EXPECT_EQ(again["ips"], first["ips"]);
  EXPECT_NE(address_in(other), address_in(first)) << "it is taken";
}

TEST(Pods, WithoutAskingAFreedAddressRests) {
  PodHost host;
  Namespace before;
  const auto first = host.add("c1", before, "", web);
  ASSERT_TRUE(host.del("c1"));

  Namespace after;
  EXPECT_NE(address_in(host.add("c2", after, "", web)), address_in(first));
}

TEST(Pods, RecordsOfAnotherBootAreVoid) {
  PodHost host;
  Namespace pod;
  host.add("c1", pod);

  host.reboot();

  EXPECT_TRUE(host.pods().leases().empty());
  EXPECT_EQ(host.taken(), 0U);
  EXPECT_EQ(host.host.ns.run("ip -o link show group 1420").text, "");
  Namespace fresh;
  host.add("c1", fresh);
  EXPECT_TRUE(fresh.pings("10.42.0.1"));
}

TEST(Pods, ARestartKeepsThemAndTheirPackets) {
  PodHost host;
  Namespace routed;
  Namespace bridged;
  const auto first = host.add("c1", routed);
  const auto second = host.add("c2", bridged, R"("dataPath":"bridge","bridge":"br0")");
  host.stop();
  EXPECT_TRUE(routed.pings("10.42.0.1"));

  host.start();

  EXPECT_EQ(host.pods().leases().size(), 2U);
  EXPECT_EQ(host.check("c1", routed, first), "");
  EXPECT_EQ(host.check("c2", bridged, second), "");
  EXPECT_TRUE(host.repaired().empty()) << host.repaired().front();
}

TEST(Pods, ReconcilingFindsWhatOthersTookAway) {
  PodHost host;
  Namespace routed;
  Namespace bridged;
  Namespace gone;
  host.add("c1", routed);
  host.add("c2", bridged, R"("dataPath":"bridge","bridge":"br0")");
  host.add("c3", gone);
  host.host.ns.must("nft flush ruleset");
  host.host.ns.must("ip link del br0");
  host.host.ns.must("ip route flush proto 142 type unicast");
  gone.must("ip link del eth0");
  gone.close();

  ASSERT_TRUE(host.pods().reconcile());

  EXPECT_TRUE(routed.pings("10.42.0.1"));
  EXPECT_TRUE(bridged.pings("10.42.0.1"));
  EXPECT_EQ(host.pods().leases().size(), 2U);
  EXPECT_TRUE(host.failed().empty()) << host.failed().front();
}

TEST(Pods, ReconcilingAChangeLooksAtThePodsItNames) {
  PodHost host;
  Namespace first;
  Namespace second;
  Namespace gone;
  const auto index_of = [&](const nlohmann::json& result) {
    const auto name = result["interfaces"][0]["name"].get<std::string>();
    return host.host.ns.json("ip -j link show dev " + name)[0]["ifindex"].get<std::uint32_t>();
  };
  const auto one = index_of(host.add("c1", first));
  host.add("c2", second);
  const auto other = index_of(host.add("c3", gone));
  host.host.ns.must("ip route flush proto 142 type unicast");
  gone.must("ip link del eth0");
  gone.close();

  ASSERT_TRUE(host.pods().reconcile({.is_wide = false, .tables = false, .links = {one, other, 1}}));

  EXPECT_TRUE(first.pings("10.42.0.1"));
  EXPECT_FALSE(second.pings("10.42.0.1", "-W 1")) << "nobody said that it lost its routes";
  EXPECT_EQ(host.pods().lease_count(), 2U);
  EXPECT_EQ(host.repaired().size(), 2U);
  EXPECT_TRUE(host.failed().empty()) << host.failed().front();
}

TEST(Pods, ReconcilingTablesBringsBackWhatPodsShare) {
  PodHost host;
  Namespace bridged;
  host.add("c1", bridged, R"("dataPath":"bridge","bridge":"br0")");
  host.host.ns.must("nft delete table bridge paddock");

  ASSERT_TRUE(host.pods().reconcile({.is_wide = false, .tables = true, .links = {}}));

  EXPECT_TRUE(bridged.pings("10.42.0.1"));
  EXPECT_EQ(host.host.ns.run("nft list table bridge paddock").status, 0);
}

TEST(Pods, GcRemovesWhatIsNotListedAndNothingOfOthers) {
  PodHost host;
  Namespace one;
  Namespace two;
  host.add("c1", one);
  host.add("c2", two);

  const auto answer = host.pods().answer(
      cni_request("GC", "none",
                  R"("cni.dev/valid-attachments":[{"containerID":"c2","ifname":"eth0"},)"
                  R"({"containerID":"unknown","ifname":"eth0"}])"),
      nullptr);

  EXPECT_TRUE(answer) << answer.error().msg;
  ASSERT_EQ(host.pods().leases().size(), 1U);
  EXPECT_EQ(host.pods().leases().front().attachment.id.container, "c2");
  EXPECT_TRUE(two.pings("10.42.0.1"));
}

TEST(Pods, StatusSaysWhichNetworkIsUsedUp) {
  PodHost host([](PodNetworkOptions& options) {
    options.networks["net"] = {
        .name = "net",
        .subnets = {{.network = prefix("10.43.0.0/30"), .gateway = {}, .ranges = {}}},
        .exclusions = {}};
  });
  ASSERT_TRUE(host.pods().answer(cni_request("STATUS", "none"), nullptr));
  Namespace pod;
  host.add("c1", pod, R"("dataPath":"bridge")");

  const auto full = host.pods().answer(cni_request("STATUS", "none"), nullptr);

  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, cni::Code::cannot_add);
  EXPECT_NE(full.error().msg.find("network net"), std::string::npos);
}

TEST(Pods, StatusCountsNothingThatClosedSubnetsHave) {
  PodHost host([](PodNetworkOptions& options) {
    options.pool.subnets = {{.network = prefix("10.42.0.0/29"), .gateway = {}, .ranges = {}}};
  });
  std::vector<Namespace> pods(4);
  for (std::size_t i = 0; i < pods.size(); ++i)
    host.add("c" + std::to_string(i), pods[i], R"("dataPath":"bridge")");
  ASSERT_TRUE(
      host.pods().add_subnet({.network = prefix("10.43.0.0/30"), .gateway = {}, .ranges = {}}));
  host.pods().close_subnet(prefix("10.42.0.0/29"));

  const auto open = host.pods().answer(cni_request("STATUS", "none"), nullptr);

  EXPECT_TRUE(open) << open.error().msg;
  const auto link = cni_request("STATUS", "none", R"("type":"bridge","ipam":{"type":"paddock"})");
  EXPECT_TRUE(host.pods().answer(link, nullptr));
  Namespace last;
  host.add("last", last, R"("dataPath":"bridge","bridge":"br1")");
  for (const auto& asked : {cni_request("STATUS", "none"), link}) {
    const auto full = host.pods().answer(asked, nullptr);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, cni::Code::cannot_add);
  }
}

TEST(Pods, ManyAtOnceGetAddressesOfTheirOwn) {
  PodHost host;
  std::vector<Namespace> pods(16);

  std::vector<std::future<std::string>> answers;
  for (std::size_t i = 0; i < pods.size(); ++i)
    answers.push_back(std::async(std::launch::async, [&, i] {
      return address_in(host.add("c" + std::to_string(i), pods[i],
                                 i % 2 == 0 ? "" : R"("dataPath":"bridge","bridge":"br0")"));
    }));
  std::set<std::string> addresses;
  for (auto& answer : answers) addresses.insert(answer.get());

  EXPECT_EQ(addresses.size(), pods.size());
}

}  // namespace
}  // namespace paddock::net
