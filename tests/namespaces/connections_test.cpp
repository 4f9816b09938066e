// SPDX-License-Identifier: Apache-2.0
#include "nat/connections.hpp"

#include "support/pod_network.hpp"

#include <gtest/gtest.h>
#include <linux/netlink.h>

namespace paddock::net::nat {
namespace {

using test::Host;
using test::ip;
using test::Namespace;
using test::request;

using Forget = Result<void> (*)(netlink::Socket&, const std::vector<IpAddress>&);

// Both ways must leave the same behind.
class Connections : public testing::TestWithParam<Forget> {};

TEST_P(Connections, OfAnAddressAreForgottenInBothDirectionsAndNoOthers) {
  Host host;
  Namespace pods[3];
  for (int i = 0; i < 3; ++i) {
    const std::string number = std::to_string(i + 7);
    ASSERT_TRUE(host.attachments.attach(
        pods[i].get(), request("c" + number, {"10.42.0." + number, "fd42::" + number})));
  }
  ASSERT_TRUE(pods[0].pings("10.42.0.8"));
  ASSERT_TRUE(pods[1].pings("10.42.0.7"));
  ASSERT_TRUE(pods[0].pings("fd42::8"));
  ASSERT_TRUE(pods[1].pings("10.42.0.9"));
  netlink::Socket socket = netlink::Socket::open(host.ns.get(), NETLINK_NETFILTER).value();

  const auto done = GetParam()(socket, {ip("10.42.0.7"), ip("fd42::7")});

  ASSERT_TRUE(done) << done.error().text;
  const std::string left = host.ns.run("cat /proc/net/nf_conntrack").text;
  EXPECT_EQ(left.find("10.42.0.7"), std::string::npos) << left;
  EXPECT_EQ(left.find("fd42:0000:0000:0000:0000:0000:0000:0007"), std::string::npos) << left;
  EXPECT_NE(left.find("src=10.42.0.8 dst=10.42.0.9"), std::string::npos) << left;
}

TEST_P(Connections, WithNoneToForgetIsSuccess) {
  Namespace ns;
  netlink::Socket socket = netlink::Socket::open(ns.get(), NETLINK_NETFILTER).value();

  EXPECT_TRUE(GetParam()(socket, {ip("10.42.0.7")}));
}

INSTANTIATE_TEST_SUITE_P(EveryWay, Connections,
                         testing::Values(&forget_connections, &forget_connections_one_by_one));

}  // namespace
}  // namespace paddock::net::nat
