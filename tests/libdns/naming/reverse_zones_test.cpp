// SPDX-License-Identifier: Apache-2.0
#include "naming/reverse_zones.hpp"

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

std::vector<std::string> v4(const char* subnet) {
  std::vector<std::string> texts;
  for (const Name& name : reverse_origins(boost::asio::ip::make_network_v4(subnet)))
    texts.push_back(name.format());
  return texts;
}

std::vector<std::string> v6(const char* subnet) {
  std::vector<std::string> texts;
  for (const Name& name : reverse_origins(boost::asio::ip::make_network_v6(subnet)))
    texts.push_back(name.format());
  return texts;
}

using Texts = std::vector<std::string>;

TEST(ReverseZones, EndWhereThePrefixDoes) {
  EXPECT_EQ(v4("10.42.0.0/16"), Texts{"42.10.in-addr.arpa."});
  EXPECT_EQ(v4("10.42.7.0/24"), Texts{"7.42.10.in-addr.arpa."});
  EXPECT_EQ(v4("10.42.7.9/32"), Texts{"9.7.42.10.in-addr.arpa."});
  EXPECT_EQ(v4("0.0.0.0/0"), Texts{"in-addr.arpa."});
  EXPECT_EQ(v6("fd00:1::/32"), Texts{"1.0.0.0.0.0.d.f.ip6.arpa."});
  EXPECT_EQ(v6("fd00::/12"), Texts{"0.d.f.ip6.arpa."});
}

TEST(ReverseZones, SeveralCoverAPrefixBetweenLabels) {
  EXPECT_EQ(v4("10.96.0.0/14"), (Texts{"96.10.in-addr.arpa.", "97.10.in-addr.arpa.",
                                       "98.10.in-addr.arpa.", "99.10.in-addr.arpa."}));
  EXPECT_EQ(v4("10.96.0.0/12").size(), 16u);
  EXPECT_EQ(v6("fd00::/7"), (Texts{"c.f.ip6.arpa.", "d.f.ip6.arpa."}));
}

}  // namespace
}  // namespace paddock::dns
