// SPDX-License-Identifier: Apache-2.0
//
// Attaching, checking and detaching pods, seen with ip, nft and ping.
#include "support/pod_network.hpp"

#include <paddock/net/attachment.hpp>

#include <boost/system/errc.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace paddock::net {
namespace {

using test::Host;
using test::ip;
using test::Namespace;
using test::prefix;
using test::request;
namespace errc = boost::system::errc;

std::size_t veths(const Namespace& where) { return where.json("ip -j link show type veth").size(); }

TEST(Attach, GivesThePodItsAddressRouteAndGateway) {
  Host host;
  Namespace pod;

  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"}));

  ASSERT_TRUE(made) << made.error().text;
  const auto link = pod.json("ip -j addr show dev eth0")[0];
  EXPECT_EQ(link["address"], made->pod_mac.to_string());
  EXPECT_EQ(link["mtu"], 1500);
  EXPECT_EQ(link["ifindex"], made->pod_ifindex);
  ASSERT_EQ(link["addr_info"].size(), 1U) << link;
  EXPECT_EQ(link["addr_info"][0]["local"], "10.42.0.7");
  EXPECT_EQ(link["addr_info"][0]["prefixlen"], 32);
  const auto route = pod.json("ip -j route show default")[0];
  EXPECT_EQ(route["gateway"], "10.42.0.1");
  EXPECT_EQ(route["dev"], "eth0");
  const auto neighbor = pod.json("ip -j neigh show 10.42.0.1")[0];
  EXPECT_EQ(neighbor["lladdr"], made->host_mac.to_string());
  EXPECT_EQ(neighbor["state"][0], "PERMANENT");
}

TEST(Attach, GivesTheHostARouteANeighborAndANamedLink) {
  Host host;
  Namespace pod;

  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();

  const auto link = host.ns.json("ip -j -d link show dev " + made.host_link)[0];
  EXPECT_EQ(link["ifalias"], "paddock:net/web/eth0");
  EXPECT_EQ(link["address"], made.host_mac.to_string());
  EXPECT_EQ(link["group"], "1420");
  const auto route = host.ns.json("ip -j route show 10.42.0.7")[0];
  EXPECT_EQ(route["dev"], made.host_link);
  EXPECT_EQ(route["protocol"], "142");
  EXPECT_EQ(route["prefsrc"], "10.42.0.1");
  EXPECT_EQ(route["scope"], "link");
  const auto neighbor = host.ns.json("ip -j neigh show 10.42.0.7")[0];
  EXPECT_EQ(neighbor["lladdr"], made.pod_mac.to_string());
  EXPECT_EQ(neighbor["state"][0], "PERMANENT");
  EXPECT_EQ(host.ns.run("sysctl -n net.ipv4.conf." + made.host_link + ".rp_filter").text, "1\n");
}

// The kernel makes more when it is not told, and waits as it takes them away.
TEST(Attach, MakesLinksOfOneQueue) {
  Host host;
  Namespace pod;

  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();

  for (const auto& link : {host.ns.json("ip -j -d link show dev " + made.host_link)[0],
                           pod.json("ip -j -d link show dev eth0")[0]}) {
    EXPECT_EQ(link["num_tx_queues"], 1);
    EXPECT_EQ(link["num_rx_queues"], 1);
  }
}

TEST(Attach, ConnectsPodsAndHostAtOnceInBothFamilies) {
  Host host;
  Namespace one;
  Namespace two;
  ASSERT_TRUE(host.attachments.attach(one.get(), request("one", {"10.42.0.7", "fd42::7"})));
  ASSERT_TRUE(host.attachments.attach(two.get(), request("two", {"10.42.0.8", "fd42::8"})));

  for (const char* other : {"10.42.0.8", "fd42::8", "10.42.0.1", "fd42::1", "169.254.169.250"}) {
    EXPECT_TRUE(one.pings(other)) << other;
  }
  EXPECT_TRUE(host.ns.pings("10.42.0.7"));
  EXPECT_TRUE(host.ns.pings("fd42::8"));
}

TEST(Attach, WorksWithIpv6Alone) {
  Host host;
  Namespace pod;
  pod.must("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");  // as some runtimes do

  const auto made = host.attachments.attach(pod.get(), request("six", {"fd42::7"}));

  ASSERT_TRUE(made) << made.error().text;
  EXPECT_TRUE(pod.pings("fd42::1"));
  const auto link = pod.json("ip -j -6 addr show dev eth0")[0];
  ASSERT_EQ(link["addr_info"].size(), 1U);
  for (const auto& address : link["addr_info"]) {
    EXPECT_EQ(address["local"], "fd42::7") << "no other address, and so nothing to detect";
    EXPECT_FALSE(address.contains("tentative"));
  }
  EXPECT_TRUE(host.attachments.check(pod.get(), *made).value().empty());
}

TEST(Attach, KeepsTheMacMtuAndRoutesAskedFor) {
  Host host;
  Namespace pod;
  auto wanted = request("web", {"10.42.0.7"});
  wanted.mac = MacAddress::parse("02:00:00:00:00:42");
  wanted.mtu = 1400;
  wanted.routes.push_back({prefix("192.0.2.0/24"), ip("10.42.0.1"), 1300, 77});
  wanted.routes.push_back({prefix("198.51.100.0/24"), std::nullopt, 0, 0});

  ASSERT_TRUE(host.attachments.attach(pod.get(), wanted));

  const auto link = pod.json("ip -j link show dev eth0")[0];
  EXPECT_EQ(link["address"], "02:00:00:00:00:42");
  EXPECT_EQ(link["mtu"], 1400);
  const auto route = pod.json("ip -j route show 192.0.2.0/24")[0];
  EXPECT_EQ(route["metric"], 77);
  EXPECT_EQ(route["metrics"][0]["mtu"], 1300);
  EXPECT_EQ(pod.json("ip -j route show 198.51.100.0/24")[0]["scope"], "link");
  EXPECT_EQ(pod.run("ping -n -c 1 -W 1 -M do -s 1372 10.42.0.1").status, 0);
  EXPECT_NE(pod.run("ping -n -c 1 -W 1 -M do -s 1373 10.42.0.1").status, 0);
}

TEST(Attach, MakesRoutesOfOtherTablesAndMissesThem) {
  Host host;
  Namespace pod;
  auto wanted = request("web", {"10.42.0.7", "fd42::7"});
  wanted.routes.push_back({prefix("192.0.2.0/24"), ip("10.42.0.1"), 0, 0, 1300, 100});
  wanted.routes.push_back({prefix("2001:db8::/32"), ip("fd42::1"), 1400, 7, 0, 1000});
  wanted.routes.push_back({prefix("198.51.100.0/24"), std::nullopt, 0, 0, 0, 100, 254});

  const auto made = host.attachments.attach(pod.get(), wanted);

  ASSERT_TRUE(made) << made.error().text;
  const auto route = pod.json("ip -j route show 192.0.2.0/24 table 100")[0];
  EXPECT_EQ(route["metrics"][0]["advmss"], 1300);
  EXPECT_EQ(pod.json("ip -j -6 route show 2001:db8::/32 table 1000")[0]["metric"], 7);
  EXPECT_EQ(pod.json("ip -j route show 198.51.100.0/24 table 100")[0]["scope"], "host");
  EXPECT_TRUE(host.attachments.check(pod.get(), *made).value().empty());
  pod.must("ip -6 route flush table 1000");
  const auto missing = host.attachments.check(pod.get(), *made).value();
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_EQ(missing[0], "the pod's eth0 has no route 2001:db8::/32 via fd42::1 in table 1000");
}

TEST(Attach, RefusesATakenInterfaceNameAndLeavesNothingBehind) {
  Host host;
  Namespace pod;
  ASSERT_TRUE(host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})));

  const auto again = host.attachments.attach(pod.get(), request("web", {"10.42.0.8"}));

  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, errc::file_exists);
  EXPECT_NE(again.error().text.find("eth0"), std::string::npos) << again.error().text;
  EXPECT_EQ(veths(host.ns), 1U);
  EXPECT_EQ(host.ns.json("ip -j route show 10.42.0.8").size(), 0U);
  EXPECT_TRUE(pod.pings("10.42.0.1"));
}

TEST(Attach, UndoesEverythingWhenTheAddressIsRoutedElsewhere) {
  Host host;
  Namespace first;
  Namespace second;
  ASSERT_TRUE(host.attachments.attach(first.get(), request("one", {"10.42.0.7"})));

  const auto clash = host.attachments.attach(second.get(), request("two", {"10.42.0.7"}));

  ASSERT_FALSE(clash);
  EXPECT_EQ(clash.error().code, errc::file_exists);
  EXPECT_NE(clash.error().text.find("10.42.0.7/32"), std::string::npos) << clash.error().text;
  EXPECT_EQ(veths(host.ns), 1U);
  EXPECT_EQ(veths(second), 0U);
  EXPECT_TRUE(first.pings("10.42.0.1"));
}

TEST(Attach, UndoesEverythingWhenThePodRefusesARoute) {
  Host host;
  Namespace pod;
  auto wanted = request("web", {"10.42.0.7"});
  wanted.routes.push_back({prefix("192.0.2.0/24"), ip("224.0.0.1"), 0, 0});  // no such router

  const auto made = host.attachments.attach(pod.get(), wanted);

  ASSERT_FALSE(made);
  EXPECT_NE(made.error().text.find("route 192.0.2.0/24 via 224.0.0.1 dev eth0"), std::string::npos);
  EXPECT_EQ(veths(host.ns), 0U);
  EXPECT_EQ(veths(pod), 0U);
  EXPECT_TRUE(host.attachments.list().value().empty());
}

TEST(Attach, RefusesTheHostsOwnNamespace) {
  Host host;

  const auto made = host.attachments.attach(host.ns.get(), request("web", {"10.42.0.7"}));

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::operation_not_permitted);
  EXPECT_EQ(veths(host.ns), 0U);
}

TEST(Attach, RefusesRequestsThatContradictThemselves) {
  Host host;
  Namespace pod;
  auto no_address = request("web", {});
  auto no_gateway = request("web", {"10.42.0.7"});
  no_gateway.gateways.clear();
  auto bad_name = request("web", {"10.42.0.7"});
  bad_name.id.ifname = "a-name-too-long-for-it";
  auto other_family = request("web", {"10.42.0.7"});
  other_family.routes.push_back({prefix("::/0"), ip("fd42::1"), 0, 0});

  for (const auto& wrong : {no_address, no_gateway, bad_name, other_family}) {
    const auto made = host.attachments.attach(pod.get(), wrong);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, errc::invalid_argument) << made.error().text;
  }
  EXPECT_EQ(veths(host.ns), 0U);
}

TEST(Attach, GivesOnePodASecondInterfaceAndLetsTheFirstHaveTheDefaultRoute) {
  Host host;
  Namespace pod;
  auto second = request("web", {"10.42.0.8"});
  second.id.ifname = "net1";

  ASSERT_TRUE(host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})));
  const auto made = host.attachments.attach(pod.get(), second);

  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(pod.json("ip -j route show default")[0]["dev"], "eth0");
  EXPECT_EQ(pod.json("ip -j addr show dev net1")[0]["addr_info"][0]["local"], "10.42.0.8");
  EXPECT_TRUE(pod.pings("10.42.0.1"));
  EXPECT_TRUE(host.attachments.check(pod.get(), *made).value().empty());
}

}  // namespace
}  // namespace paddock::net
