// SPDX-License-Identifier: Apache-2.0
//
// What an overlay makes in the kernel: seen with ip and bridge, broken by hand, healed, removed.
#include "support/overlay_hosts.hpp"

#include <paddock/net/overlay.hpp>

#include <boost/system/errc.hpp>
#include <gtest/gtest.h>

namespace paddock::net {
namespace {

using nlohmann::json;
using test::Families;
using test::Namespace;
using test::OverlayHost;
using test::Switch;

// 10.42.7.0/24 behind 192.0.2.7, fd42:0:0:7::/64 behind 2001:db8::7.
Peer peer_seven() {
  Peer peer;
  peer.host = "host7";
  peer.v4 = TunnelEnd{boost::asio::ip::make_address("192.0.2.7"), vtep_mac("host7", 1, true)};
  peer.v6 = TunnelEnd{boost::asio::ip::make_address("2001:db8::7"), vtep_mac("host7", 1, false)};
  peer.subnets = {*Prefix::parse("10.42.7.0/24"), *Prefix::parse("fd42:0:0:7::/64")};
  return peer;
}

// Entries of `ip -j` or `bridge -j` of which all the given members have the given values.
std::size_t count(const json& entries, const json& members) {
  std::size_t found = 0;
  for (const auto& entry : entries) {
    bool alike = true;
    for (const auto& [name, value] : members.items()) {
      alike = alike && entry.contains(name) && entry[name] == value;
    }
    found += alike ? 1 : 0;
  }
  return found;
}

json device(const Namespace& ns, const std::string& name) {
  return ns.json("ip -j -d link show dev " + name)[0];
}

TEST(Overlay, MakesItsDevices) {
  const Switch net;
  const OverlayHost host(net, 1);

  const json v4 = device(host.ns(), "paddock.1");
  const json v6 = device(host.ns(), "paddock-v6.1");

  EXPECT_EQ(v4["mtu"], 1450);
  EXPECT_EQ(v6["mtu"], 1430);
  EXPECT_EQ(v4["address"], vtep_mac("host1", 1, true).to_string());
  const json& data = v4["linkinfo"]["info_data"];
  EXPECT_EQ(data["id"], 1);
  EXPECT_EQ(data["port"], 8472);
  EXPECT_EQ(data["local"], "192.0.2.1");
  EXPECT_EQ(data["link"], "eth0");
  EXPECT_EQ(data["learning"], false);
  EXPECT_EQ(data["udp_csum"], true);
  EXPECT_EQ(v6["linkinfo"]["info_data"]["local6"], "2001:db8::1");
  const json addresses = host.ns().json("ip -j addr show dev paddock.1")[0]["addr_info"];
  EXPECT_EQ(count(addresses, {{"local", "10.42.1.0"}, {"prefixlen", 32}}), 1U);
  EXPECT_EQ(addresses.size(), 1U);
}

TEST(Overlay, ReachesAPeerByRouteNeighborAndForwardingEntry) {
  const Switch net;
  OverlayHost host(net, 1);

  const auto put = host.overlay->put(peer_seven());

  ASSERT_TRUE(put) << put.error().text;
  const std::string mac = vtep_mac("host7", 1, true).to_string();
  EXPECT_EQ(count(host.ns().json("ip -j route show proto 143"), {{"dst", "10.42.7.0/24"},
                                                                 {"gateway", "10.42.7.0"},
                                                                 {"dev", "paddock.1"},
                                                                 {"flags", {"onlink"}}}),
            1U);
  EXPECT_EQ(count(host.ns().json("ip -j neigh show dev paddock.1"),
                  {{"dst", "10.42.7.0"}, {"lladdr", mac}, {"state", {"PERMANENT"}}}),
            1U);
  EXPECT_EQ(count(host.ns().json("bridge -j fdb show dev paddock.1"),
                  {{"mac", mac}, {"dst", "192.0.2.7"}}),
            1U);
  EXPECT_EQ(count(host.ns().json("ip -j -6 route show proto 143"),
                  {{"dst", "fd42:0:0:7::/64"}, {"dev", "paddock-v6.1"}}),
            1U);
  EXPECT_EQ(host.overlay->peers().at(0).path, PeerPath::vxlan);
  EXPECT_EQ(host.overlay->peers().at(0).trouble, "");
}

TEST(Overlay, FindsNothingToDoTheSecondTime) {
  const Switch net;
  OverlayHost host(net, 1);
  ASSERT_TRUE(host.overlay->put(peer_seven()));

  const auto again = host.overlay->resync();
  host.start();
  ASSERT_TRUE(host.overlay->replace({peer_seven()}));
  const auto by_another_process = host.overlay->resync();

  ASSERT_TRUE(again && by_another_process);
  EXPECT_EQ(*again, std::vector<std::string>());
  EXPECT_EQ(*by_another_process, std::vector<std::string>());
}

TEST(Overlay, AnotherProcessKeepsThePathsUntilItKnowsThePeers) {
  const Switch net;
  OverlayHost host(net, 1);
  ASSERT_TRUE(host.overlay->put(peer_seven()));
  const int index = device(host.ns(), "paddock.1")["ifindex"];

  host.start();

  EXPECT_EQ(device(host.ns(), "paddock.1")["ifindex"], index);
  EXPECT_EQ(host.ns().json("ip -j route show proto 143").size(), 1U);
  ASSERT_TRUE(host.overlay->replace({}));
  EXPECT_EQ(host.ns().json("ip -j route show proto 143").size(), 0U);
}

TEST(Overlay, FollowsAPeerToAnotherAddressAndAway) {
  const Switch net;
  OverlayHost host(net, 1);
  Peer peer = peer_seven();
  ASSERT_TRUE(host.overlay->put(peer));

  peer.v4->underlay = boost::asio::ip::make_address("192.0.2.77");
  ASSERT_TRUE(host.overlay->put(peer));

  const std::string mac = vtep_mac("host7", 1, true).to_string();
  const json moved = host.ns().json("bridge -j fdb show dev paddock.1");
  EXPECT_EQ(count(moved, {{"mac", mac}, {"dst", "192.0.2.77"}}), 1U);
  EXPECT_EQ(count(moved, {{"mac", mac}}), 1U);

  ASSERT_TRUE(host.overlay->remove("host7"));
  EXPECT_EQ(host.ns().json("ip -j route show proto 143").size(), 0U);
  EXPECT_EQ(host.ns().json("ip -j -6 route show proto 143").size(), 0U);
  EXPECT_EQ(count(host.ns().json("bridge -j fdb show dev paddock.1"), {{"mac", mac}}), 0U);
  EXPECT_EQ(host.ns().json("ip -j neigh show dev paddock.1").size(), 0U);
}

TEST(Overlay, GivesASubnetThatMovedToItsNewHostWhicheverWordComesFirst) {
  const Switch net;
  OverlayHost host(net, 1);
  Peer heir = peer_seven();
  heir.host = "host8";
  heir.v4 = TunnelEnd{boost::asio::ip::make_address("192.0.2.8"), vtep_mac("host8", 1, true)};
  heir.v6.reset();
  heir.subnets = {*Prefix::parse("10.42.7.0/24")};
  ASSERT_TRUE(host.overlay->put(peer_seven()));

  ASSERT_TRUE(host.overlay->put(heir));
  EXPECT_NE(host.overlay->peers().at(0).trouble, "");
  ASSERT_TRUE(host.overlay->remove("host7"));

  const json neighbors = host.ns().json("ip -j neigh show dev paddock.1");
  EXPECT_EQ(
      count(neighbors, {{"dst", "10.42.7.0"}, {"lladdr", vtep_mac("host8", 1, true).to_string()}}),
      1U);
  EXPECT_EQ(host.ns().json("ip -j route show proto 143").size(), 1U);
  EXPECT_EQ(host.overlay->drift().value(), std::vector<std::string>());
}

// It does not listen to thousands of its own changes; afterwards it hears again.
TEST(Overlay, HearsOfDamageAfterManyChangesOfItsOwn) {
  const Switch net;
  OverlayHost host(net, 1);
  std::vector<Peer> peers;
  for (std::uint32_t number = 1; number <= 1500; ++number) {
    Peer peer;
    peer.host = "far" + std::to_string(number);
    peer.v4 =
        TunnelEnd{boost::asio::ip::address_v4(0xc6330000U + number), vtep_mac(peer.host, 1, true)};
    peer.subnets = {{boost::asio::ip::address_v4(0x0b000000U + (number << 8U)), 24}};
    peers.push_back(std::move(peer));
  }
  ASSERT_TRUE(host.overlay->replace(std::move(peers)));

  host.ns().must("ip route del 11.0.1.0/24");
  const bool seen = host.tend_until([](const OverlayNews& news) { return !news.repaired.empty(); });

  EXPECT_TRUE(seen);
  EXPECT_EQ(host.overlay->drift().value(), std::vector<std::string>());
  EXPECT_EQ(host.ns().json("ip -j route show proto 143").size(), 1500U);
}

TEST(Overlay, BringsBackWhatOthersTakeAway) {
  const Switch net;
  OverlayHost host(net, 1);
  ASSERT_TRUE(host.overlay->replace({peer_seven()}));
  const std::string mac = vtep_mac("host7", 1, true).to_string();
  const std::vector<std::string> damages = {
      "ip route del 10.42.7.0/24",
      "ip -6 route del fd42:0:0:7::/64",
      "ip neigh del 10.42.7.0 dev paddock.1",
      "ip neigh replace 10.42.7.0 dev paddock.1 lladdr 02:00:00:00:00:99",
      "bridge fdb del " + mac + " dev paddock.1 self",
      "bridge fdb replace " + mac + " dev paddock.1 dst 192.0.2.99 self",
      "ip addr del 10.42.1.0/32 dev paddock.1",
      "ip link set paddock.1 down",
      "ip link set paddock.1 mtu 1400",
      "ip link set paddock.1 address 02:00:00:00:00:98",
      "ip link del paddock.1",
      "ip link del paddock-v6.1",
  };

  for (const std::string& damage : damages) {
    host.ns().must(damage);
    const bool seen = host.tend_until([](const OverlayNews& news) {
      EXPECT_FALSE(news.error) << news.error->text;
      return !news.repaired.empty();
    });
    EXPECT_TRUE(seen) << damage;
    const auto left = host.overlay->drift();
    ASSERT_TRUE(left) << damage << ": " << left.error().text;
    EXPECT_TRUE(left->empty()) << damage << ": " << left->front();
  }
  EXPECT_EQ(device(host.ns(), "paddock.1")["address"], vtep_mac("host1", 1, true).to_string());
}

TEST(Overlay, LeavesWhatIsNotItsOwn) {
  const Switch net;
  OverlayHost host(net, 1);
  ASSERT_TRUE(host.overlay->replace({peer_seven()}));
  host.ns().must("ip route add 10.99.0.0/16 via 192.0.2.9");
  host.ns().must("ip route add 10.98.0.0/16 dev paddock.1");
  host.ns().must("ip neigh add 10.98.0.1 lladdr 02:00:00:00:00:01 dev paddock.1");
  host.ns().must("bridge fdb add 02:00:00:00:00:01 dev paddock.1 dst 192.0.2.9 self");
  host.ns().must("ip addr add 10.98.0.9/32 dev paddock.1");
  host.ns().must("ip link add vx9 type vxlan id 9 dstport 4789 dev eth0");

  ASSERT_TRUE(host.overlay->resync());
  ASSERT_TRUE(host.overlay->replace({}));

  EXPECT_EQ(host.ns().json("ip -j route show 10.99.0.0/16").size(), 1U);
  EXPECT_EQ(host.ns().json("ip -j route show 10.98.0.0/16").size(), 1U);
  EXPECT_EQ(host.ns().json("ip -j neigh show 10.98.0.1").size(), 1U);
  EXPECT_EQ(count(host.ns().json("bridge -j fdb show dev paddock.1"),
                  {{"mac", "02:00:00:00:00:01"}, {"dst", "192.0.2.9"}}),
            1U);
  EXPECT_EQ(count(host.ns().json("ip -j addr show dev paddock.1")[0]["addr_info"],
                  {{"local", "10.98.0.9"}}),
            1U);
  EXPECT_EQ(host.ns().json("ip -j link show vx9").size(), 1U);
}

TEST(Overlay, MakesADeviceAnewThatHasOtherParameters) {
  const Switch net;
  Namespace ns;
  net.plug(ns, 3);
  ns.must("ip addr add 192.0.2.3/24 dev eth0");
  ns.must("ip link add flannel.1 type vxlan id 1 dstport 8472 local 192.0.2.3 dev eth0");
  ns.must("ip link set flannel.1 up");
  ns.must("ip route add 10.42.9.0/24 via 10.42.9.0 dev flannel.1 onlink");
  OverlaySettings settings;
  settings.host = "host3";
  settings.device_prefix = "flannel";
  Overlay overlay(ns.get(), settings);

  const auto done = overlay.replace({});

  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(device(ns, "flannel.1")["linkinfo"]["info_data"]["learning"], false);
  EXPECT_EQ(device(ns, "flannel.1")["address"], vtep_mac("host3", 1, true).to_string());
  EXPECT_EQ(ns.json("ip -j route show 10.42.9.0/24").size(), 0U);
}

TEST(Overlay, NamesTheLinkThatIsInItsPlace) {
  const Switch net;
  Namespace ns;
  net.plug(ns, 3);
  ns.must("ip addr add 192.0.2.3/24 dev eth0");
  ns.must("ip link add paddock.1 type bridge");
  OverlaySettings settings;
  settings.host = "host3";
  Overlay overlay(ns.get(), settings);

  const auto done = overlay.replace({});

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, boost::system::errc::file_exists);
  EXPECT_NE(done.error().text.find("paddock.1"), std::string::npos) << done.error().text;
}

TEST(Overlay, TakesAwayTheDeviceOfAnotherNetworkItWasIn) {
  const Switch net;
  OverlayHost former(net, 1);
  OverlaySettings settings;
  settings.host = "host1";
  settings.vni = 1042;
  settings.port = 4789;
  Overlay overlay(former.ns().get(), settings);

  ASSERT_TRUE(overlay.replace({}));

  EXPECT_EQ(device(former.ns(), "paddock.1042")["linkinfo"]["info_data"]["port"], 4789);
  EXPECT_NE(former.ns().run("ip link show paddock.1").status, 0);
}

TEST(Overlay, FollowsTheHostToAnotherAddressAndTellsSo) {
  const Switch net;
  OverlayHost host(net, 1, {}, Families::v4);
  ASSERT_TRUE(host.overlay->replace({peer_seven()}));
  (void)host.overlay->tend();

  host.ns().must("ip addr add 192.0.2.101/24 dev eth0");
  host.ns().must("ip addr del 192.0.2.1/24 dev eth0");
  host.ns().must("ip addr replace 192.0.2.101/24 dev eth0");
  const bool told = host.tend_until([&](const OverlayNews& news) {
    return news.self_changed &&
           host.overlay->self().v4->underlay == boost::asio::ip::make_address("192.0.2.101");
  });

  EXPECT_TRUE(told);
  EXPECT_TRUE(host.heals());
  EXPECT_EQ(device(host.ns(), "paddock.1")["linkinfo"]["info_data"]["local"], "192.0.2.101");
  EXPECT_EQ(count(host.ns().json("ip -j route show proto 143"), {{"dst", "10.42.7.0/24"}}), 1U);
}

TEST(Overlay, WaitsForAnUnderlay) {
  const Switch net;
  Namespace ns;
  net.plug(ns, 3);
  OverlaySettings settings;
  settings.host = "host3";
  settings.interface = "eth0";
  Overlay overlay(ns.get(), settings);

  const auto before = overlay.replace({peer_seven()});
  ns.must("ip addr add 192.0.2.3/24 dev eth0");
  const auto after = overlay.resync();

  ASSERT_FALSE(before);
  EXPECT_NE(before.error().text.find("eth0"), std::string::npos) << before.error().text;
  ASSERT_TRUE(after) << after.error().text;
  EXPECT_TRUE(overlay.self().v4);
  EXPECT_EQ(ns.json("ip -j route show proto 143").size(), 1U);
}

TEST(Overlay, RefusesWhatIsForAPeerWithoutAPath) {
  const Switch net;
  OverlayHost host(net, 1);
  host.ns().must("ip route add default via 192.0.2.254");
  Peer peer = peer_seven();
  peer.vni = 7;

  ASSERT_TRUE(host.overlay->put(peer));

  const json refused = host.ns().json("ip -j route show proto 143");
  EXPECT_EQ(count(refused, {{"dst", "10.42.7.0/24"}, {"type", "unreachable"}}), 1U);
  EXPECT_EQ(host.overlay->resync().value(), std::vector<std::string>());
  EXPECT_NE(host.overlay->peers().at(0).trouble, "");
}

TEST(Overlay, TakesAwayAllItMade) {
  const Switch net;
  OverlayHost host(net, 1);
  ASSERT_TRUE(host.overlay->put(peer_seven()));

  const auto purged = host.overlay->purge();

  ASSERT_TRUE(purged) << purged.error().text;
  EXPECT_EQ(host.ns().json("ip -j route show proto 143").size(), 0U);
  EXPECT_NE(host.ns().run("ip link show paddock.1").status, 0);
  EXPECT_NE(host.ns().run("ip link show paddock-v6.1").status, 0);
}

}  // namespace
}  // namespace paddock::net
