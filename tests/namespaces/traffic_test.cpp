// SPDX-License-Identifier: Apache-2.0
//
// Where packets go: out of the host and back, not out under false names, not to nobody.
#include "support/pod_network.hpp"

#include <paddock/net/attachment.hpp>

#include <gtest/gtest.h>

namespace paddock::net {
namespace {

using test::Host;
using test::ip;
using test::Namespace;
using test::prefix;
using test::request;

// A second machine that knows nothing of pods, with the host's default route towards it.
struct Outside {
  Namespace ns;

  explicit Outside(Host& host) {
    host.ns.must(
        "ip link add uplink address 02:00:00:00:00:02 type veth peer name eth0 address "
        "02:00:00:00:00:01 netns " +
        ns.path());
    ns.must("ip link set lo up");
    ns.must("ip link set eth0 addrgenmode none up");
    host.ns.must("ip link set uplink addrgenmode none up");
    // Asking for the link settles its carrier; with neighbours known, no packet waits for another.
    ns.must("ip link show dev eth0");
    host.ns.must("ip addr add 192.0.2.2/24 dev uplink");
    host.ns.must("ip -6 addr add 2001:db8::2/64 dev uplink nodad");
    ns.must("ip addr add 192.0.2.1/24 dev eth0");
    ns.must("ip -6 addr add 2001:db8::1/64 dev eth0 nodad");
    for (const char* network : {"192.0.2.", "2001:db8::"}) {
      host.ns.must(std::string("ip neigh add ") + network +
                   "1 lladdr 02:00:00:00:00:01 dev uplink nud permanent");
      ns.must(std::string("ip neigh add ") + network +
              "2 lladdr 02:00:00:00:00:02 dev eth0 nud permanent");
    }
    host.ns.must("ip route add default via 192.0.2.1");
    host.ns.must("ip -6 route add default via 2001:db8::1");
    // Counts who asks: one rule per source, read by name.
    ns.must(
        "nft 'add table inet seen; add chain inet seen input { type filter hook input priority "
        "0; }; add set inet seen from4 { type ipv4_addr; flags dynamic; }; add set inet seen from6 "
        "{ type ipv6_addr; flags dynamic; }; add rule inet seen input meta l4proto icmp add "
        "@from4 { ip saddr }; add rule inet seen input icmpv6 type echo-request add @from6 { ip6 "
        "saddr }'");
  }

  std::string sources() const {
    return ns.run("nft list set inet seen from4").text +
           ns.run("nft list set inet seen from6").text;
  }
};

TEST(Traffic, LeavesTheHostUnderTheHostsAddress) {
  Host host;
  Outside outside(host);
  Namespace pod;
  ASSERT_TRUE(host.attachments.attach(pod.get(), request("web", {"10.42.0.7", "fd42::7"})));

  EXPECT_TRUE(pod.pings("192.0.2.1"));
  EXPECT_TRUE(pod.pings("2001:db8::1"));

  const std::string sources = outside.sources();
  EXPECT_NE(sources.find("192.0.2.2"), std::string::npos) << sources;
  EXPECT_NE(sources.find("2001:db8::2"), std::string::npos) << sources;
  EXPECT_EQ(sources.find("10.42.0.7"), std::string::npos) << sources;
  EXPECT_EQ(sources.find("fd42::7"), std::string::npos) << sources;
}

TEST(Traffic, KeepsThePodsAddressTowardsClusterNetworks) {
  Host host;
  Outside outside(host);
  Namespace pod;
  host.plan.cluster_networks.push_back(prefix("192.0.2.0/24"));
  ASSERT_TRUE(host.network.ensure(host.plan));
  outside.ns.must("ip route add 10.42.0.0/24 via 192.0.2.2");
  ASSERT_TRUE(host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})));

  EXPECT_TRUE(pod.pings("192.0.2.1"));

  EXPECT_NE(outside.sources().find("10.42.0.7"), std::string::npos) << outside.sources();
}

TEST(Traffic, KeepsAddressesBetweenPods) {
  Host host;
  Namespace one;
  Namespace two;
  ASSERT_TRUE(host.attachments.attach(one.get(), request("one", {"10.42.0.7"})));
  ASSERT_TRUE(host.attachments.attach(two.get(), request("two", {"10.42.0.8"})));
  two.must(
      "nft 'add table ip t; add chain ip t in { type filter hook input priority 0; }; add "
      "rule ip t in ip saddr != 10.42.0.7 drop'");

  EXPECT_TRUE(one.pings("10.42.0.8"));
}

TEST(Traffic, ToUnassignedPodAddressesIsUnreachableAndNeverLeaves) {
  Host host;
  Outside outside(host);
  Namespace pod;
  ASSERT_TRUE(host.attachments.attach(pod.get(), request("web", {"10.42.0.7", "fd42::7"})));

  // The kernel may keep an error to itself, as it limits how many it sends.
  const auto v4 = pod.run("ping -n -c 5 -i 0.3 -W 2 10.42.0.99");
  const auto v6 = pod.run("ping -n -c 5 -i 0.3 -W 2 fd42::99");

  EXPECT_NE(v4.text.find("Destination Host Unreachable"), std::string::npos) << v4.text;
  EXPECT_NE(v6.text.find("Destination unreachable"), std::string::npos) << v6.text;
  EXPECT_EQ(outside.sources().find("elements"), std::string::npos) << outside.sources();
}

TEST(Traffic, UnderAForeignSourceIsDropped) {
  Host host;
  Outside outside(host);
  Namespace one;
  Namespace two;
  ASSERT_TRUE(host.attachments.attach(one.get(), request("one", {"10.42.0.7", "fd42::7"})));
  ASSERT_TRUE(host.attachments.attach(two.get(), request("two", {"10.42.0.8", "fd42::8"})));
  for (const char* stolen : {"10.42.0.8/32", "10.42.0.99/32", "192.0.2.77/32"}) {
    one.must(std::string("ip addr add ") + stolen + " dev eth0");
  }
  one.must("ip -6 addr add fd42::8/128 dev eth0 nodad");
  for (const Namespace* victim : {&host.ns, &outside.ns}) {
    victim->must(
        "nft 'add table inet heard; add chain inet heard in { type filter hook input priority "
        "-500; }; add rule inet heard in icmp type echo-request counter; add rule inet heard in "
        "icmpv6 type echo-request counter'");
  }
  const std::string before = host.ns.run("nft list table inet heard").text;

  EXPECT_FALSE(one.pings("169.254.169.250", "-W 1 -I 10.42.0.8"));
  EXPECT_FALSE(one.pings("169.254.169.250", "-W 1 -I 10.42.0.99"));
  EXPECT_FALSE(one.pings("192.0.2.1", "-W 1 -I 192.0.2.77"));
  EXPECT_FALSE(one.pings("fd42::1", "-W 1 -I fd42::8"));

  EXPECT_EQ(host.ns.run("nft list table inet heard").text, before) << "not even heard";
  EXPECT_EQ(outside.ns.run("nft list table inet heard").text, before);
  EXPECT_TRUE(one.pings("10.42.0.8", "-I 10.42.0.7")) << "honest packets still pass";
}

TEST(Traffic, FirstPacketToAFreshPodIsNotLost) {
  Host host;
  for (int i = 2; i < 22; ++i) {
    Namespace pod;
    const std::string address = "10.42.0." + std::to_string(i);
    ASSERT_TRUE(host.attachments.attach(pod.get(), request("web", {address})));
    EXPECT_TRUE(host.ns.pings(address)) << i;
  }
}

TEST(Traffic, OldConnectionsOfAnAddressAreForgottenWithDetach) {
  Host host;
  Outside outside(host);
  Namespace one;
  Namespace two;
  const auto first =
      host.attachments.attach(one.get(), request("one", {"10.42.0.7", "fd42::7"})).value();
  ASSERT_TRUE(host.attachments.attach(two.get(), request("two", {"10.42.0.8"})));
  ASSERT_TRUE(one.pings("192.0.2.1"));
  ASSERT_TRUE(one.pings("2001:db8::1"));
  ASSERT_TRUE(two.pings("10.42.0.7"));
  ASSERT_TRUE(two.pings("192.0.2.1"));
  const auto connections = [&] { return host.ns.run("cat /proc/net/nf_conntrack").text; };
  const auto has = [&](const std::string& text) {
    return connections().find(text) != std::string::npos;
  };
  ASSERT_TRUE(has("src=10.42.0.7 dst=192.0.2.1")) << connections();
  ASSERT_TRUE(has("src=10.42.0.8 dst=10.42.0.7")) << connections();

  ASSERT_TRUE(host.attachments.detach(first));

  EXPECT_FALSE(has("10.42.0.7")) << connections();
  EXPECT_FALSE(has("fd42:0000:0000:0000:0000:0000:0000:0007")) << connections();
  EXPECT_TRUE(has("src=10.42.0.8 dst=192.0.2.1")) << "those of others stay";
}

}  // namespace
}  // namespace paddock::net
