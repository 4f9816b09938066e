// SPDX-License-Identifier: Apache-2.0
#include "nat/connections.hpp"

#include "support/pod_network.hpp"

#include <gtest/gtest.h>
#include <linux/netlink.h>

#include <string>
#include <vector>

namespace paddock::net::nat {
namespace {

using test::Host;
using test::ip;
using test::Namespace;
using test::request;

// Of which one has to be answered: the kernel may drop the first over a link that has just come up.
constexpr const char* several = "-c 5 -i 0.1";

// With 10.42.0.<number> and fd42::<number>.
void attach(Host& host, const Namespace& pod, const std::string& number) {
  ASSERT_TRUE(host.attachments.attach(
      pod.get(), request("c" + number, {"10.42.0." + number, "fd42::" + number})));
}

using Forget = Result<void> (*)(netlink::Socket&, const std::vector<IpAddress>&);

// Both ways must leave the same behind.
class Connections : public testing::TestWithParam<Forget> {};

TEST_P(Connections, OfAnAddressAreForgottenInBothDirectionsAndNoOthers) {
  Host host;
  Namespace pods[3];
  for (int i = 0; i < 3; ++i) attach(host, pods[i], std::to_string(i + 7));
  ASSERT_TRUE(pods[0].pings("10.42.0.8", several));
  ASSERT_TRUE(pods[1].pings("10.42.0.7", several));
  ASSERT_TRUE(pods[0].pings("fd42::8", several));
  ASSERT_TRUE(pods[1].pings("10.42.0.9", several));
  netlink::Socket socket = netlink::Socket::open(host.ns.get(), NETLINK_NETFILTER).value();

  const auto done = GetParam()(socket, {ip("10.42.0.7"), ip("fd42::7")});

  ASSERT_TRUE(done) << done.error().text;
  const std::string left = host.ns.run("cat /proc/net/nf_conntrack").text;
  EXPECT_EQ(left.find("10.42.0.7"), std::string::npos) << left;
  EXPECT_EQ(left.find("fd42:0000:0000:0000:0000:0000:0000:0007"), std::string::npos) << left;
  EXPECT_NE(left.find("src=10.42.0.8 dst=10.42.0.9"), std::string::npos) << left;
}

TEST_P(Connections, OfManyAddressesAreForgottenAtOnce) {
  Host host;
  Namespace pods[2];
  for (int i = 0; i < 2; ++i) {
    attach(host, pods[i], std::to_string(i + 7));
    ASSERT_TRUE(pods[i].pings("10.42.0.1", several));
    ASSERT_TRUE(pods[i].pings("fd42::1", several));
  }
  std::vector<IpAddress> addresses = {ip("10.42.0.7"), ip("fd42::7")};
  for (int i = 100; i < 150; ++i) addresses.push_back(ip("10.42.0." + std::to_string(i)));
  netlink::Socket socket = netlink::Socket::open(host.ns.get(), NETLINK_NETFILTER).value();

  const auto done = GetParam()(socket, addresses);

  ASSERT_TRUE(done) << done.error().text;
  const std::string left = host.ns.run("cat /proc/net/nf_conntrack").text;
  EXPECT_EQ(left.find("10.42.0.7"), std::string::npos) << left;
  EXPECT_EQ(left.find("fd42:0000:0000:0000:0000:0000:0000:0007"), std::string::npos) << left;
  EXPECT_NE(left.find("src=10.42.0.8"), std::string::npos) << left;
  EXPECT_NE(left.find("fd42:0000:0000:0000:0000:0000:0000:0008"), std::string::npos) << left;
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
