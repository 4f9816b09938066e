// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/address.hpp>

#include <gtest/gtest.h>

namespace paddock::net {
namespace {

IpAddress ip(const std::string& text) { return boost::asio::ip::make_address(text); }

TEST(Prefix, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(Prefix::parse("10.42.0.0/24"), (Prefix{ip("10.42.0.0"), 24}));
  EXPECT_EQ(Prefix::parse("fd00::/64"), (Prefix{ip("fd00::"), 64}));
  EXPECT_EQ(Prefix::parse("10.42.0.7")->to_string(), "10.42.0.7/32");
  EXPECT_EQ(Prefix::parse("fd00::7")->to_string(), "fd00::7/128");
  EXPECT_EQ(Prefix::parse("0.0.0.0/0")->length, 0U);
}

TEST(Prefix, RefusesWhatIsNone) {
  for (const char* text : {"", "/", "10.42.0.0/33", "10.42.0.0/", "10.42.0.0/-1", "10.42.0.0/2x",
                           "fd00::/129", "10.42.0/24", "fe80::1%1/64", " 10.0.0.1", "name"}) {
    EXPECT_FALSE(Prefix::parse(text)) << text;
  }
}

TEST(Prefix, ClearsHostBits) {
  EXPECT_EQ(Prefix::parse("10.42.255.255/22")->network().to_string(), "10.42.252.0/22");
  EXPECT_EQ(Prefix::parse("fd42:1:2:3:ffff::1/61")->network().to_string(), "fd42:1:2::/61");
  EXPECT_EQ(Prefix::parse("10.42.0.7/32")->network().to_string(), "10.42.0.7/32");
  EXPECT_EQ(Prefix::parse("10.42.0.7/0")->network().to_string(), "0.0.0.0/0");
}

TEST(Prefix, HasALastAddress) {
  EXPECT_EQ(Prefix::parse("10.42.255.7/22")->last(), ip("10.42.255.255"));
  EXPECT_EQ(Prefix::parse("10.42.0.7/32")->last(), ip("10.42.0.7"));
  EXPECT_EQ(Prefix::parse("fd42:1:2:8::1/61")->last(), ip("fd42:1:2:f:ffff:ffff:ffff:ffff"));
  EXPECT_EQ(Prefix::parse("0.0.0.0/0")->last(), ip("255.255.255.255"));
}

TEST(Prefix, ContainsItsOwnFamilyOnly) {
  const auto network = Prefix::parse("10.42.0.9/23").value();
  EXPECT_TRUE(network.contains(ip("10.42.1.255")));
  EXPECT_FALSE(network.contains(ip("10.42.2.0")));
  EXPECT_FALSE(network.contains(ip("::ffff:10.42.0.1")));
  EXPECT_TRUE(Prefix::parse("::/0")->contains(ip("fd00::1")));
  EXPECT_FALSE(Prefix::parse("::/0")->contains(ip("10.0.0.1")));
}

TEST(MacAddress, ReadsAndWrites) {
  EXPECT_EQ(MacAddress::parse("02:1A:bb:00:0f:fF")->to_string(), "02:1a:bb:00:0f:ff");
  for (const char* text : {"", "02:1a:bb:00:0f", "02:1a:bb:00:0f:", "02-1a-bb-00-0f-ff",
                           "02:1a:bb:00:0f:gg", "2:1a:bb:00:0f:ff0", "02:1a:bb:00:0f:ff:00"}) {
    EXPECT_FALSE(MacAddress::parse(text)) << text;
  }
}

TEST(MacAddress, MadeUpOnesAreLocalAndUnicast) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(MacAddress::random().octets[0] & 3U, 2U);
  }
  EXPECT_NE(MacAddress::random(), MacAddress::random());
}

}  // namespace
}  // namespace paddock::net
