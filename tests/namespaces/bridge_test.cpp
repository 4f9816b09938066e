// SPDX-License-Identifier: Apache-2.0
//
// Pods as ports of a bridge, seen with ip, nft and ping.
#include "support/pod_network.hpp"

#include <paddock/net/attachment.hpp>

#include <boost/system/errc.hpp>
#include <gtest/gtest.h>

namespace paddock::net {
namespace {

using test::Host;
using test::ip;
using test::Namespace;
using test::prefix;
namespace errc = boost::system::errc;

AttachRequest bridged(const std::string& container, const std::vector<std::string>& addresses) {
  auto request = test::request(container, addresses);
  request.subnets = {prefix("10.42.0.0/24"), prefix("fd42::/64")};
  auto& port = request.bridge.emplace();
  port.bridge = "br-net";
  for (const auto& gateway : request.gateways)
    port.addresses.push_back({gateway, gateway.is_v4() ? 24U : 64U});
  return request;
}

Attachment attach(Host& host, const Namespace& pod, const AttachRequest& request) {
  auto made = host.attachments.attach(pod.get(), request);
  if (!made) throw std::runtime_error(made.error().text);
  return *made;
}

bool contains(const std::vector<std::string>& sentences, const std::string& part) {
  return std::ranges::any_of(sentences, [&](const std::string& sentence) {
    return sentence.find(part) != std::string::npos;
  });
}

TEST(Bridge, JoinsPodsOfASubnetWithOneAnotherAndTheHost) {
  Host host;
  Namespace one;
  Namespace two;

  attach(host, one, bridged("one", {"10.42.0.7", "fd42::7"}));
  attach(host, two, bridged("two", {"10.42.0.8", "fd42::8"}));

  for (const char* other : {"10.42.0.8", "fd42::8", "10.42.0.1", "fd42::1", "169.254.169.250"})
    EXPECT_TRUE(one.pings(other)) << other;
  EXPECT_TRUE(host.ns.pings("10.42.0.8"));
  const auto addresses = one.json("ip -j -4 addr show dev eth0")[0]["addr_info"];
  EXPECT_EQ(addresses[0]["prefixlen"], 24);
  EXPECT_EQ(one.json("ip -j route show default")[0]["gateway"], "10.42.0.1");
}

TEST(Bridge, KeepsItsMacAddressWhenPortsComeAndGo) {
  Host host;
  Namespace one;
  const auto made = attach(host, one, bridged("one", {"10.42.0.7"}));
  const auto mac = host.ns.json("ip -j link show br-net")[0]["address"];

  ASSERT_TRUE(host.attachments.detach(made));
  ASSERT_TRUE(host.attachments.reap());
  Namespace two;
  attach(host, two, bridged("two", {"10.42.0.8"}));

  EXPECT_EQ(host.ns.json("ip -j link show br-net")[0]["address"], mac);
}

TEST(Bridge, PassesNothingUnderAnothersAddress) {
  Host host;
  Namespace one;
  Namespace two;
  attach(host, one, bridged("one", {"10.42.0.7", "fd42::7"}));
  attach(host, two, bridged("two", {"10.42.0.8", "fd42::8"}));

  one.must("ip addr add 10.42.0.9/24 dev eth0");
  one.must("ip addr add fd42::9/64 dev eth0 nodad");

  EXPECT_FALSE(one.pings("10.42.0.8", "-I 10.42.0.9"));
  EXPECT_FALSE(one.pings("fd42::8", "-I fd42::9"));
  EXPECT_TRUE(one.pings("10.42.0.8", "-I 10.42.0.7"));
  two.must("ip neigh flush dev eth0");
  EXPECT_FALSE(two.pings("10.42.0.9")) << "it must not even answer for it";
}

TEST(Bridge, PassesNothingUnderAnotherMacAddress) {
  Host host;
  Namespace one;
  attach(host, one, bridged("one", {"10.42.0.7"}));
  ASSERT_TRUE(one.pings("10.42.0.1"));

  one.must("ip link set eth0 address 02:00:00:00:00:99");

  EXPECT_FALSE(one.pings("10.42.0.1"));
}

TEST(Bridge, LetsAnUnguardedPortDoAsItLikes) {
  Host host;
  Namespace one;
  auto request = bridged("one", {"10.42.0.7"});
  request.bridge->guard = SourceGuard::none;
  attach(host, one, request);

  one.must("ip addr add 10.42.0.9/24 dev eth0");
  one.must("ip link set eth0 address 02:00:00:00:00:99");

  EXPECT_TRUE(one.pings("10.42.0.1", "-I 10.42.0.9"));
}

TEST(Bridge, HoldsAPortToItsMacAddressAlone) {
  Host host;
  Namespace one;
  auto request = bridged("one", {"10.42.0.7"});
  request.bridge->guard = SourceGuard::mac;
  attach(host, one, request);
  one.must("ip addr add 10.42.0.9/24 dev eth0");
  ASSERT_TRUE(one.pings("10.42.0.1", "-I 10.42.0.9"));

  one.must("ip link set eth0 address 02:00:00:00:00:99");

  EXPECT_FALSE(one.pings("10.42.0.1"));
}

TEST(Bridge, KeepsIsolatedPortsApart) {
  Host host;
  Namespace one;
  Namespace two;
  auto first = bridged("one", {"10.42.0.7"});
  auto second = bridged("two", {"10.42.0.8"});
  first.bridge->is_isolated = second.bridge->is_isolated = true;
  attach(host, one, first);
  attach(host, two, second);

  EXPECT_FALSE(one.pings("10.42.0.8"));
  EXPECT_TRUE(one.pings("10.42.0.1"));
}

TEST(Bridge, HasTheNamesAndFlagsAskedFor) {
  Host host;
  Namespace pod;
  auto request = bridged("one", {"10.42.0.7"});
  request.host_link = "veth-one";
  request.bridge->is_hairpin = true;
  request.bridge->is_promiscuous = true;

  const auto made = attach(host, pod, request);

  EXPECT_EQ(made.host_link, "veth-one");
  const auto port = host.ns.json("ip -j -d link show veth-one")[0];
  EXPECT_EQ(port["master"], "br-net");
  EXPECT_EQ(port["linkinfo"]["info_slave_data"]["hairpin"], true);
  EXPECT_EQ(host.ns.json("ip -j -d link show br-net")[0]["promiscuity"], 1);
}

TEST(Bridge, CarriesAPodWithoutAddresses) {
  Host host;
  Namespace one;
  auto request = bridged("one", {});
  request.bridge->guard = SourceGuard::none;

  const auto made = attach(host, one, request);

  EXPECT_EQ(one.json("ip -j link show eth0")[0]["operstate"], "UP");
  EXPECT_TRUE(host.attachments.check(one.get(), made).value().empty());
  ASSERT_TRUE(host.attachments.detach(made));
}

TEST(Bridge, RefusesALinkThatIsNoneAndAnAddressThatIsAnothers) {
  Host host;
  Namespace pod;
  host.ns.must("ip link add br-net type veth peer name other");
  const auto no_bridge = host.attachments.attach(pod.get(), bridged("one", {"10.42.0.7"}));
  host.ns.must("ip link del br-net");
  host.ns.must("ip link add br-net type bridge");
  host.ns.must("ip addr add 10.43.0.1/24 dev br-net");

  const auto conflict = host.attachments.attach(pod.get(), bridged("one", {"10.42.0.7"}));
  auto forced = bridged("one", {"10.42.0.7"});
  forced.bridge->replaces_addresses = true;

  EXPECT_EQ(no_bridge.error().code, errc::file_exists);
  EXPECT_EQ(conflict.error().code, errc::invalid_argument);
  EXPECT_NE(conflict.error().text.find("10.43.0.1/24"), std::string::npos);
  EXPECT_EQ(pod.json("ip -j link show type veth").size(), 0U);
  EXPECT_TRUE(host.attachments.attach(pod.get(), forced));
  EXPECT_EQ(host.ns.json("ip -j -4 addr show br-net")[0]["addr_info"].size(), 1U);
}

TEST(Bridge, CheckNamesALostGatewayAndALostPort) {
  Host host;
  Namespace pod;
  const auto made = attach(host, pod, bridged("one", {"10.42.0.7"}));
  ASSERT_TRUE(host.attachments.check(pod.get(), made).value().empty());

  host.ns.must("ip addr del 10.42.0.1/24 dev br-net");
  host.ns.must("ip link set " + made.host_link + " nomaster");

  const auto missing = host.attachments.check(pod.get(), made).value();
  EXPECT_TRUE(contains(missing, "10.42.0.1")) << missing.size();
  EXPECT_TRUE(contains(missing, "no port of br-net"));
  ASSERT_TRUE(host.attachments.repair(made));
  EXPECT_TRUE(host.attachments.check(pod.get(), made).value().empty());
  EXPECT_TRUE(pod.pings("10.42.0.1"));
}

TEST(Bridge, ComesBackWhenEverythingOfItIsTakenAway) {
  Host host;
  Namespace one;
  Namespace two;
  const auto first = attach(host, one, bridged("one", {"10.42.0.7", "fd42::7"}));
  const auto second = attach(host, two, bridged("two", {"10.42.0.8", "fd42::8"}));
  host.ns.must("nft flush ruleset");
  host.ns.must("ip link del br-net");

  const auto changes = host.attachments.ensure_bridges({first, second}).value();
  for (const auto& pod : {first, second}) ASSERT_TRUE(host.attachments.repair(pod));

  EXPECT_FALSE(changes.empty());
  EXPECT_TRUE(one.pings("10.42.0.8"));
  EXPECT_TRUE(one.pings("fd42::8"));
  EXPECT_TRUE(host.attachments.ensure_bridges({first, second}).value().empty());
  one.must("ip addr add 10.42.0.9/24 dev eth0");
  EXPECT_FALSE(one.pings("10.42.0.8", "-I 10.42.0.9"));
}

TEST(Bridge, ForgetsThePodsThatGo) {
  Host host;
  Namespace pod;
  const auto made = attach(host, pod, bridged("one", {"10.42.0.7", "fd42::7"}));
  ASSERT_NE(host.ns.run("nft list table bridge paddock").text.find("10.42.0.7"), std::string::npos);

  ASSERT_TRUE(host.attachments.detach(made));

  EXPECT_FALSE(pod.pings("10.42.0.1"));
  const auto table = host.ns.run("nft list table bridge paddock").text;
  EXPECT_EQ(table.find("elements"), std::string::npos) << table;
}

}  // namespace
}  // namespace paddock::net
