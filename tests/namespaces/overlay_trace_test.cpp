// SPDX-License-Identifier: Apache-2.0
//
// Where a packet to another host's pod would stop, said before one is sent.
#include "support/overlay_hosts.hpp"

#include <gtest/gtest.h>

namespace paddock::net {
namespace {

using test::OverlayHost;
using test::Switch;

class OverlayTrace : public testing::Test {
 protected:
  OverlayTrace() {
    one_.add_pod(1430);
    two_.add_pod(1430);
    test::introduce({&one_, &two_});
  }

  std::vector<PathStep> from_pod(const std::string& destination) {
    const auto address = boost::asio::ip::make_address(destination);
    const auto own = address.is_v4() ? one_.pod_v4() : one_.pod_v6();
    return one_.overlay->trace(address, PathOrigin{"pod", boost::asio::ip::make_address(own)});
  }
  // The last step, which is not passed, and what is said of it.
  std::string stop(const std::string& destination) {
    const auto steps = from_pod(destination);
    EXPECT_FALSE(steps.empty());
    EXPECT_FALSE(steps.back().passes) << steps.back().decision;
    return steps.back().decision + ": " + steps.back().trouble;
  }

  const Switch net_;
  OverlayHost one_{net_, 1};
  OverlayHost two_{net_, 2};
};

TEST_F(OverlayTrace, NamesEachDecisionToTheUnderlay) {
  const std::string mac = vtep_mac("host2", 1, true).to_string();
  std::vector<std::string> decisions;
  for (const auto& step : from_pod(two_.pod_v4())) {
    EXPECT_TRUE(step.passes) << step.decision << ": " << step.trouble;
    decisions.push_back(step.decision);
  }

  EXPECT_EQ(decisions,
            (std::vector<std::string>{"10.42.2.2 is of 10.42.2.0/24, which host host2 has",
                                      "route 10.42.2.0/24 via 10.42.2.0 dev paddock.1",
                                      "device paddock.1, MTU 1450", "neighbour 10.42.2.0 at " + mac,
                                      "frames to " + mac + " go to 192.0.2.2",
                                      "underlay to 192.0.2.2 dev eth0"}));
  for (const auto& step : from_pod(two_.pod_v6())) {
    EXPECT_TRUE(step.passes) << step.decision << ": " << step.trouble;
  }
  EXPECT_TRUE(one_.overlay->trace(boost::asio::ip::make_address(two_.pod_v4())).back().passes);
}

TEST_F(OverlayTrace, StopsWhereAPacketWould) {
  const std::string mac = vtep_mac("host2", 1, true).to_string();
  struct Damage {
    std::string command;
    std::string remedy;
    std::string stop;
  };
  const std::vector<Damage> damages = {
      {"sysctl -qw net.ipv4.ip_forward=0", "sysctl -qw net.ipv4.ip_forward=1",
       "route to 10.42.2.2: the kernel refuses it"},
      {"ip route add blackhole 10.42.2.2/32", "ip route del blackhole 10.42.2.2/32",
       "route to 10.42.2.2: the kernel refuses it"},
      {"ip route add 10.42.2.2/32 via 192.0.2.99 dev eth0", "ip route del 10.42.2.2/32",
       "route 10.42.2.2/32 via 192.0.2.99 dev eth0: that is not the route of the overlay"},
      {"ip neigh del 10.42.2.0 dev paddock.1",
       "ip neigh add 10.42.2.0 lladdr " + mac + " dev paddock.1 nud permanent protocol 143",
       "neighbour 10.42.2.0: the kernel knows no MAC address for it"},
      {"bridge fdb replace " + mac + " dev paddock.1 dst 192.0.2.99 self", "true",
       "frames to " + mac + " go to 192.0.2.99: host host2 is at 192.0.2.2"},
      {"bridge fdb del " + mac + " dev paddock.1 self", "true",
       "frames to " + mac + ": the device has no forwarding entry for them"},
  };

  for (const Damage& damage : damages) {
    one_.ns().must(damage.command);
    EXPECT_EQ(stop(two_.pod_v4()).substr(0, damage.stop.size()), damage.stop) << damage.command;
    one_.ns().must(damage.remedy);
  }
  EXPECT_TRUE(one_.heals());
  EXPECT_TRUE(from_pod(two_.pod_v4()).back().passes);
}

TEST_F(OverlayTrace, SaysThatNoHostHasAnAddress) {
  EXPECT_EQ(stop("10.42.99.2"),
            "which host has 10.42.99.2: none that is known here; paddock peers shows who has which "
            "subnets");
}

TEST_F(OverlayTrace, SaysThatTheUnderlayHasNoWay) {
  Peer far = two_.overlay->self();
  far.v4->underlay = boost::asio::ip::make_address("203.0.113.9");
  ASSERT_TRUE(one_.overlay->put(far));

  EXPECT_NE(stop(two_.pod_v4()).find("underlay to 203.0.113.9: this host has no route there"),
            std::string::npos);
}

TEST_F(OverlayTrace, OfAPeerWithoutAPathLeadsToWhereItIsSaidWhy) {
  Peer other = two_.overlay->self();
  other.vni = 7;
  ASSERT_TRUE(one_.overlay->put(other));

  EXPECT_NE(stop(two_.pod_v4()).find("paddock peers says why"), std::string::npos);
  EXPECT_NE(stop(two_.pod_v6()).find("paddock peers says why"), std::string::npos);
}

}  // namespace
}  // namespace paddock::net
