// SPDX-License-Identifier: Apache-2.0
//
// What a host is given once: seen with ip, nft and sysctl, broken by hand, healed, removed.
#include "support/pod_network.hpp"

#include <paddock/net/host_network.hpp>

#include <boost/system/errc.hpp>
#include <gtest/gtest.h>
#include <poll.h>

namespace paddock::net {
namespace {

using test::dual_stack_plan;
using test::Host;
using test::ip;
using test::Namespace;
using test::prefix;
using test::request;
namespace errc = boost::system::errc;

TEST(HostNetwork, MakesLinkAddressesForwardingRoutesAndTable) {
  Namespace ns;
  HostNetwork network(ns.get());

  ASSERT_TRUE(network.ensure(dual_stack_plan()));

  std::vector<std::string> addresses;
  const auto link = ns.json("ip -j addr show dev paddock0")[0];
  for (const auto& address : link["addr_info"]) {
    addresses.push_back(address["local"].get<std::string>() + "/" +
                        std::to_string(address["prefixlen"].get<int>()) + " " +
                        address["scope"].get<std::string>());
  }
  EXPECT_EQ(addresses, (std::vector<std::string>{"169.254.169.250/32 link", "10.42.0.1/32 global",
                                                 "fd42::1/128 global"}));
  EXPECT_EQ(ns.run("sysctl -n net.ipv4.ip_forward net.ipv6.conf.all.forwarding").text, "1\n1\n");
  const auto v4 = ns.json("ip -j route show type unreachable");
  ASSERT_EQ(v4.size(), 1U);
  EXPECT_EQ(v4[0]["dst"], "10.42.0.0/24");
  EXPECT_EQ(v4[0]["protocol"], "142");
  EXPECT_EQ(ns.json("ip -j -6 route show type unreachable")[0]["dst"], "fd42::/64");
  const std::string table = ns.run("nft list table inet paddock").text;
  EXPECT_NE(table.find("ip saddr @pods4 ip daddr != @cluster4"), std::string::npos) << table;
  EXPECT_NE(table.find("masquerade fully-random"), std::string::npos) << table;
}

TEST(HostNetwork, ChangesNothingTheSecondTime) {
  Namespace ns;
  HostNetwork network(ns.get());
  ASSERT_FALSE(network.ensure(dual_stack_plan()).value().empty());
  const auto handles = ns.run("nft -a list table inet paddock").text;

  EXPECT_TRUE(network.ensure(dual_stack_plan()).value().empty());
  const auto by_another_process = HostNetwork(ns.get()).ensure(dual_stack_plan()).value();

  EXPECT_TRUE(by_another_process.empty()) << by_another_process.front();
  EXPECT_EQ(ns.run("nft -a list table inet paddock").text, handles);
}

TEST(HostNetwork, ChangesNothingHoweverManyNetworksThereAre) {
  Namespace ns;
  auto plan = dual_stack_plan();
  for (const char* network : {"10.50.0.0/16", "10.51.0.0/16", "192.0.2.0/24", "198.51.100.0/24",
                              "fd50::/64", "fd51::/64", "fd60::/48"}) {
    plan.cluster_networks.push_back(prefix(network));
  }
  for (const char* service : {"10.96.0.10", "10.96.0.11", "fd96::a", "fd96::b", "fd96::c"}) {
    plan.service_addresses.push_back(ip(service));
  }
  ASSERT_FALSE(HostNetwork(ns.get()).ensure(plan).value().empty());

  const auto by_another_process = HostNetwork(ns.get()).ensure(plan).value();

  EXPECT_TRUE(by_another_process.empty()) << by_another_process.front();
}

TEST(HostNetwork, NamesTheDriftAndHealsIt) {
  Namespace ns;
  HostNetwork network(ns.get());
  const auto plan = dual_stack_plan();
  ASSERT_TRUE(network.ensure(plan));
  const std::vector<std::pair<std::string, std::string>> damages = {
      {"ip link del paddock0", "create bridge paddock0"},
      {"ip link set paddock0 down", "bring up link paddock0"},
      {"ip addr del 169.254.169.250/32 dev paddock0", "add address 169.254.169.250/32"},
      {"ip addr add 10.99.0.1/32 dev paddock0", "delete address 10.99.0.1/32"},
      {"ip route del unreachable 10.42.0.0/24 proto 142", "add unreachable route 10.42.0.0/24"},
      {"ip -6 route del unreachable fd42::/64 proto 142", "add unreachable route fd42::/64"},
      {"ip route add unreachable 10.43.0.0/24 proto 142 metric 4096",
       "delete unreachable route 10.43.0.0/24"},
      {"sysctl -qw net.ipv4.ip_forward=0", "set sysctl net/ipv4/ip_forward = 1"},
      {"nft delete table inet paddock", "load nftables table"},
      {"nft flush chain inet paddock postrouting", "load nftables table"},
      {"nft add element inet paddock cluster4 { 192.0.2.0/24 }", "load nftables table"},
  };
  for (const auto& [command, sentence] : damages) {
    ns.must(command);

    const auto drift = network.drift(plan).value();
    const auto changed = network.ensure(plan).value();

    ASSERT_FALSE(drift.empty()) << command;
    EXPECT_NE(drift.front().find(sentence), std::string::npos) << command << ": " << drift.front();
    EXPECT_EQ(drift, changed) << command;
    EXPECT_TRUE(network.drift(plan).value().empty()) << command;
  }
}

TEST(HostNetwork, DriftOfAnEmptyHostNamesEverythingAndChangesNothing) {
  Namespace ns;
  HostNetwork network(ns.get());

  const auto drift = network.drift(dual_stack_plan()).value();

  EXPECT_GE(drift.size(), 9U);
  EXPECT_NE(ns.run("ip link show dev paddock0").status, 0);
  EXPECT_EQ(ns.run("nft list tables").text, "");
}

TEST(HostNetwork, FollowsAChangedPlan) {
  Namespace ns;
  HostNetwork network(ns.get());
  HostPlan plan = dual_stack_plan();
  ASSERT_TRUE(network.ensure(plan));
  plan.subnets = {{prefix("10.77.1.0/24"), ip("10.77.1.1")}};
  plan.masquerade = false;

  ASSERT_TRUE(network.ensure(plan));

  EXPECT_EQ(ns.json("ip -j addr show dev paddock0 to 10.42.0.1").size(), 0U);
  EXPECT_EQ(ns.json("ip -j route show type unreachable")[0]["dst"], "10.77.1.0/24");
  EXPECT_EQ(ns.run("nft list table inet paddock").text.find("@cluster4"), std::string::npos);
  EXPECT_TRUE(network.drift(plan).value().empty());
}

TEST(HostNetwork, KeepsAGatewayAddressWhilePodsUseIt) {
  Host host;
  Namespace pod;
  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();
  HostPlan next = host.plan;
  next.subnets = {{prefix("10.77.1.0/24"), ip("10.77.1.1")}};

  ASSERT_TRUE(host.network.ensure(next));
  EXPECT_TRUE(pod.pings("10.42.0.1"));

  ASSERT_TRUE(host.attachments.detach(made));
  ASSERT_TRUE(host.network.ensure(next));
  EXPECT_EQ(host.ns.run("ip -o addr show dev paddock0").text.find("10.42.0.1"), std::string::npos);
}

TEST(HostNetwork, RemovesWhatIsOursAndNothingElse) {
  Namespace ns;
  ns.must("ip link add br9 type bridge");
  ns.must("ip route add unreachable 203.0.113.0/24");
  ns.must("nft add table inet theirs");
  ns.must("nft add chain inet theirs input");
  const std::string links = ns.run("ip -o link").text;
  const std::string tables = ns.run("nft list ruleset").text;
  HostNetwork network(ns.get());
  ASSERT_TRUE(network.ensure(dual_stack_plan()));

  ASSERT_TRUE(HostNetwork(ns.get()).remove());

  EXPECT_EQ(ns.run("ip -o link").text, links);
  EXPECT_EQ(ns.run("nft list ruleset").text, tables);
  EXPECT_EQ(ns.json("ip -j route show type unreachable").size(), 1U);
  EXPECT_TRUE(network.remove()) << "nothing to remove is success";
}

TEST(HostNetwork, RefusesALinkOfThatNameThatIsNotOurs) {
  Namespace ns;
  ns.must("ip link add paddock0 type bridge");
  HostNetwork network(ns.get());

  const auto changed = network.ensure(dual_stack_plan());

  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, errc::file_exists);
  EXPECT_TRUE(network.remove());
  EXPECT_EQ(ns.run("ip link show dev paddock0").status, 0) << "and leaves it there";
}

TEST(HostNetwork, TakesTheMtuOfTheDefaultRoute) {
  Namespace ns;
  HostNetwork network(ns.get());
  EXPECT_EQ(network.default_mtu().value(), 1500U);
  ns.must("ip link add up0 type veth peer name up1");
  ns.must("ip link set up0 mtu 9000 up");
  ns.must("ip addr add 192.0.2.2/24 dev up0");
  ns.must("ip route add default via 192.0.2.1");

  EXPECT_EQ(network.default_mtu().value(), 9000U);
  ns.must("ip route del default");
  ns.must("ip route add default nexthop via 192.0.2.1 dev up0 nexthop via 192.0.2.3 dev up0");
  EXPECT_EQ(network.default_mtu().value(), 9000U) << "with two ways out";
}

TEST(HostAddresses, AreThoseOfOtherLinksThatAreUp) {
  Host host;
  Namespace pod;
  ASSERT_TRUE(host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})));
  host.ns.must("ip link add up0 type veth peer name up1");
  host.ns.must("ip link add down0 type veth peer name down1");
  host.ns.must("ip link set up1 up");
  host.ns.must("ip link set up0 up");
  for (const char* address :
       {"2001:db8::2/64 dev up0 nodad", "192.0.2.2/24 dev up0", "198.51.100.2/24 dev up0",
        "169.254.7.7/16 dev up0", "203.0.113.2/24 dev down0", "10.42.0.0/32 dev up1"}) {
    host.ns.must(std::string("ip addr add ") + address);
  }
  host.ns.must(
      "ip link set up1 group 1425");  // as of overlays, whose address is of the pods' network

  EXPECT_EQ(host_addresses(host.ns.get()).value(),
            (std::vector<IpAddress>{ip("192.0.2.2"), ip("198.51.100.2"), ip("2001:db8::2")}));
}

TEST(KernelWatch, TellsOfOurThingsOnly) {
  Namespace ns;
  HostNetwork network(ns.get());
  ASSERT_TRUE(network.ensure(dual_stack_plan()));
  KernelWatch watch(ns.get());
  const auto readable = [&] {
    pollfd entry{watch.descriptor(), POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  };
  EXPECT_TRUE(watch.drain().empty());

  ns.must("ip link add br9 type bridge");
  ns.must("nft add table inet theirs");
  EXPECT_TRUE(watch.drain().empty());
  for (const char* ours : {"ip link set paddock0 down", "nft flush table inet paddock",
                           "ip -6 route del unreachable fd42::/64 proto 142"}) {
    ns.must(ours);
    EXPECT_TRUE(readable()) << ours;
    EXPECT_FALSE(watch.drain().empty()) << ours;
    EXPECT_FALSE(readable());
    EXPECT_TRUE(watch.drain().empty());
  }
}

TEST(KernelWatch, TellsHowMuchHasToBeLookedAt) {
  Host host;
  Namespace pod;
  KernelWatch watch(host.ns.get());

  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();
  const auto attached = watch.drain();
  host.ns.must("ip route del 10.42.0.7 proto 142");
  const auto unrouted = watch.drain();
  host.ns.must("nft flush table inet paddock");
  const auto flushed = watch.drain();
  host.ns.must("ip addr del 10.42.0.1/32 dev paddock0");
  const auto unaddressed = watch.drain();

  for (const auto& one : {attached, unrouted}) {
    EXPECT_EQ(one.links, std::set{made.host_ifindex});
    EXPECT_FALSE(one.is_wide || one.tables);
  }
  EXPECT_TRUE(flushed.tables);
  EXPECT_FALSE(flushed.is_wide);
  EXPECT_TRUE(unaddressed.is_wide) << "the routes of pods went with it, and nobody tells";
}

}  // namespace
}  // namespace paddock::net
