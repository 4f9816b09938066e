// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/flannel.hpp>

#include <gtest/gtest.h>

namespace paddock::net::flannel {
namespace {

TEST(FlannelSubnetFile, IsWhatItsPluginReads) {
  SubnetFile file;
  file.networks = {Prefix::parse("10.5.0.0/16").value(), Prefix::parse("10.6.0.0/16").value()};
  file.subnets.v4 = Prefix::parse("10.5.34.0/24");
  file.mtu = 1450;
  file.masquerade = true;
  EXPECT_EQ(format_subnet_file(file),
            "FLANNEL_NETWORK=10.5.0.0/16,10.6.0.0/16\n"
            "FLANNEL_SUBNET=10.5.34.1/24\n"
            "FLANNEL_MTU=1450\n"
            "FLANNEL_IPMASQ=true\n");
}

TEST(FlannelSubnetFile, HasBothFamilies) {
  SubnetFile file;
  file.networks = {Prefix::parse("10.5.0.0/16").value(), Prefix::parse("fc00::/48").value()};
  file.subnets = {Prefix::parse("10.5.34.0/24"), Prefix::parse("fc00:0:0:1::/64")};
  file.mtu = 1430;
  EXPECT_EQ(format_subnet_file(file),
            "FLANNEL_NETWORK=10.5.0.0/16\n"
            "FLANNEL_SUBNET=10.5.34.1/24\n"
            "FLANNEL_IPV6_NETWORK=fc00::/48\n"
            "FLANNEL_IPV6_SUBNET=fc00:0:0:1::1/64\n"
            "FLANNEL_MTU=1430\n"
            "FLANNEL_IPMASQ=false\n");
}

TEST(FlannelSubnetFile, SaysWhatThisHostHad) {
  const auto had = parse_subnet_file(
      "FLANNEL_NETWORK=10.5.0.0/16\nFLANNEL_SUBNET=10.5.34.1/24\n"
      "FLANNEL_IPV6_SUBNET=fc00:0:0:1::1/64\nFLANNEL_MTU=1450");
  ASSERT_TRUE(had);
  EXPECT_EQ(format_key(*had), "10.5.34.0-24&fc00:0:0:1::-64");
  for (const char* wrong :
       {"", "FLANNEL_SUBNET=", "FLANNEL_SUBNET=10.5.34.1", "FLANNEL_SUBNET=fc00::1/64",
        "a=b\n\n=", "FLANNEL_IPV6_SUBNET=10.5.34.1/24"})
    EXPECT_FALSE(parse_subnet_file(wrong)) << wrong;
}

}  // namespace
}  // namespace paddock::net::flannel
