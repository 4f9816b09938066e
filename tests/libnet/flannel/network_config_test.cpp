// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/flannel.hpp>

#include <gtest/gtest.h>

#include <string>

namespace paddock::net::flannel {
namespace {

NetworkConfig parsed(const char* json) { return parse_network_config(json).value(); }

std::string refusal(const char* json) {
  const auto config = parse_network_config(json);
  return config ? "accepted" : config.error().text;
}

bool says(const std::string& text, const char* part) { return text.find(part) != text.npos; }

TEST(FlannelConfig, CutsALargeNetworkIntoTwentyFours) {
  const auto config = parsed(R"({"Network": "10.5.0.0/16"})");
  EXPECT_EQ(config.v4->length, 24U);
  EXPECT_EQ(config.v4->first.to_string(), "10.5.1.0");  // the first is skipped
  EXPECT_EQ(config.v4->last.to_string(), "10.5.255.0");
  EXPECT_FALSE(config.v6);
  EXPECT_EQ(config.backend, "udp");
  EXPECT_EQ(config.vni, 1U);
}

TEST(FlannelConfig, CutsASmallNetworkIntoFour) {
  EXPECT_EQ(parsed(R"({"Network": "10.5.0.0/22"})").v4->length, 24U);
  EXPECT_EQ(parsed(R"({"Network": "10.5.0.0/23"})").v4->length, 25U);
  EXPECT_EQ(parsed(R"({"Network": "10.5.0.0/28"})").v4->length, 30U);
}

TEST(FlannelConfig, ReadsEveryField) {
  const auto config = parsed(R"({"Network": "10.0.0.0/8", "SubnetLen": 20,
    "SubnetMin": "10.10.0.0", "SubnetMax": "10.99.0.0",
    "EnableIPv6": true, "IPv6Network": "fc00::/48", "IPv6SubnetLen": 60,
    "IPv6SubnetMin": "fc00:0:0:10::", "IPv6SubnetMax": "fc00:0:0:80::",
    "Backend": {"Type": "VXLAN", "VNI": 7, "Port": 4789, "MTU": 9000, "GBP": true,
                "Learning": true, "DirectRouting": true}})");
  EXPECT_EQ(config.v4->length, 20U);
  EXPECT_EQ(config.v4->first.to_string(), "10.10.0.0");
  EXPECT_EQ(config.v4->last.to_string(), "10.99.0.0");
  EXPECT_EQ(config.v6->length, 60U);
  EXPECT_EQ(config.v6->first.to_string(), "fc00:0:0:10::");
  EXPECT_EQ(config.v6->last.to_string(), "fc00:0:0:80::");
  EXPECT_EQ(config.backend, "vxlan");
  EXPECT_EQ(config.vni, 7U);
  EXPECT_EQ(config.port, 4789U);
  EXPECT_EQ(config.mtu, 9000U);
  EXPECT_TRUE(config.gbp && config.learning && config.direct_routing);
}

TEST(FlannelConfig, NeedsNoIPv4) {
  const auto config =
      parsed(R"({"EnableIPv4": false, "EnableIPv6": true, "IPv6Network": "fc00::/48"})");
  EXPECT_FALSE(config.v4);
  EXPECT_EQ(config.v6->length, 64U);
  EXPECT_EQ(config.v6->first.to_string(), "fc00:0:0:1::");
}

TEST(FlannelConfig, MatchesNamesAsGoDoes) {
  EXPECT_EQ(parsed(R"({"network": "10.5.7.9/16", "subnetlen": null})").v4->network.to_string(),
            "10.5.0.0/16");
}

TEST(FlannelConfig, SaysWhichFieldIsWrong) {
  EXPECT_TRUE(says(refusal("[]"), "object"));
  EXPECT_TRUE(says(refusal("{"), "not JSON"));
  EXPECT_TRUE(says(refusal("{}"), "Network"));
  EXPECT_TRUE(says(refusal(R"({"Network": "fc00::/48"})"), "Network"));
  EXPECT_TRUE(says(refusal(R"({"Network": "10.5.0.0/29"})"), "too small"));
  EXPECT_TRUE(says(refusal(R"({"Network": "10.5.0.0/16", "SubnetLen": 31})"), "SubnetLen"));
  EXPECT_TRUE(says(refusal(R"({"Network": "10.5.0.0/16", "SubnetLen": 17})"), "four subnets"));
  EXPECT_TRUE(says(refusal(R"({"Network": "10.5.0.0/16", "SubnetLen": "24"})"), "number"));
  EXPECT_TRUE(says(refusal(R"({"Network": "10.5.0.0/16", "SubnetMin": "10.6.0.0"})"), "lie in"));
  EXPECT_TRUE(says(refusal(R"({"Network": "10.5.0.0/16", "SubnetMax": "10.5.9.1"})"), "10.5.9.0"));
  EXPECT_TRUE(says(refusal(R"({"Network": "10.5.0.0/16", "SubnetMin": "10.5.9.0",
                               "SubnetMax": "10.5.8.0"})"),
                   "SubnetMax"));
  EXPECT_TRUE(says(refusal(R"({"Network": "10.5.0.0/16", "Backend": {}})"), "Backend.Type"));
  EXPECT_TRUE(says(refusal(R"({"Network": "10.5.0.0/16",
                               "Backend": {"Type": "vxlan", "VNI": 16777216}})"),
                   "Backend.VNI"));
  EXPECT_TRUE(says(refusal(R"({"EnableIPv4": false})"), "EnableIPv4"));
}

TEST(FlannelConfig, OfWireguardSaysPortsAndWhatAllShare) {
  const auto config = parse_network_config(
      R"({"Network":"10.5.0.0/16","Backend":{"Type":"wireguard","ListenPort":51900,)"
      R"("PersistentKeepaliveInterval":25,"PSK":"kZr1+SHeIvJpKBVZbxgyBLXEzy0fN9bIDoLtoVuvIV8="}})");

  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->listen_port, 51900);
  EXPECT_EQ(config->listen_port_v6, 51821);
  EXPECT_EQ(config->keepalive, 25);
  EXPECT_EQ(config->mode, "separate");
  EXPECT_TRUE(config->shared_key.is_set());
  const auto wrong = parse_network_config(
      R"({"Network":"10.5.0.0/16","Backend":{"Type":"wireguard","PSK":"secret"}})");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().text.find("Backend.PSK"), std::string::npos);
  EXPECT_EQ(wrong.error().text.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace paddock::net::flannel
