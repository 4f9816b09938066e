// SPDX-License-Identifier: Apache-2.0
#include "netd/reach_file.hpp"

#include <gtest/gtest.h>

namespace paddock::netd {
namespace {

net::Prefix prefix(const char* text) { return net::Prefix::parse(text).value(); }

net::PeerStatus peer(const char* subnet, net::PeerPath path, const char* trouble) {
  net::PeerStatus status;
  status.peer.subnets = {prefix(subnet)};
  status.path = path;
  status.trouble = trouble;
  return status;
}

TEST(ReachFile, SaysWhichSubnetsPacketsGetTo) {
  EXPECT_EQ(
      format_reach(net::OverlayBackend::vxlan, {prefix("10.42.0.0/16")}, {prefix("10.42.1.0/24")}),
      "# Written by netd for dnsd --reach-file.\n"
      "network 10.42.0.0/16\n"
      "reached 10.42.1.0/24\n");
  EXPECT_EQ(format_reach(peer("10.42.2.0/24", net::PeerPath::vxlan, "")), "reached 10.42.2.0/24\n");
  EXPECT_EQ(format_reach(peer("10.42.3.0/24", net::PeerPath::direct, "")),
            "reached 10.42.3.0/24\n");
  EXPECT_EQ(format_reach(peer("10.42.4.0/24", net::PeerPath::none, "")), "");
  EXPECT_EQ(format_reach(peer("10.42.5.0/24", net::PeerPath::vxlan, "host x has the same subnet")),
            "");
}

TEST(ReachFile, SaysNothingWhereOthersSeeToTheWay) {
  EXPECT_EQ(format_reach(net::OverlayBackend::none, {prefix("10.42.0.0/16")}, {}),
            "# Written by netd for dnsd --reach-file.\n");
}

}  // namespace
}  // namespace paddock::netd
