// SPDX-License-Identifier: Apache-2.0
#include "overlay/underlay.hpp"

#include "libnet/overlay/fixtures.hpp"

#include <gtest/gtest.h>

namespace paddock::net::overlay {
namespace {

using test::address;
using test::two_links;

TEST(Underlay, IsTheInterfaceOfTheDefaultRouteWithTheSmallestMetric) {
  HostFacts facts = two_links();
  facts.routes.push_back(test::route("0.0.0.0/0", 2, "192.0.2.254", 100));
  facts.routes.push_back(test::route("0.0.0.0/0", 3, "198.51.100.254", 50));

  const auto underlay = choose_underlay({}, facts);

  ASSERT_TRUE(underlay) << underlay.error().text;
  ASSERT_TRUE(underlay->v4);
  EXPECT_EQ(underlay->v4->address, address("198.51.100.1"));
  EXPECT_EQ(underlay->v4->link, 3U);
  EXPECT_EQ(underlay->v4->mtu, 9000U);
  EXPECT_FALSE(underlay->v6);
}

TEST(Underlay, CarriesWhatItsDefaultRouteSays) {
  HostFacts facts = two_links();
  facts.routes.push_back(test::route("0.0.0.0/0", 3, "198.51.100.254", 50));
  facts.routes.back().mtu = 8900;

  const auto underlay = choose_underlay({}, facts);

  ASSERT_TRUE(underlay && underlay->v4);
  EXPECT_EQ(underlay->v4->mtu, 8900U);
}

TEST(Underlay, WithoutADefaultRouteIsTheFirstLinkThatIsUpWithAGlobalAddress) {
  const auto underlay = choose_underlay({}, two_links());

  ASSERT_TRUE(underlay && underlay->v4);
  EXPECT_EQ(underlay->v4->address, address("192.0.2.1"));
}

TEST(Underlay, IsTheNamedInterface) {
  OverlaySettings settings;
  settings.interface = "eth1";

  const auto underlay = choose_underlay(settings, two_links());

  ASSERT_TRUE(underlay && underlay->v4);
  EXPECT_EQ(underlay->v4->address, address("198.51.100.1"));
}

TEST(Underlay, TakesTheAddressAskedFor) {
  HostFacts facts = two_links();
  facts.addresses.push_back({2, *Prefix::parse("192.0.2.7/24"), 0});
  OverlaySettings settings;
  settings.addresses = {address("192.0.2.7")};

  const auto underlay = choose_underlay(settings, facts);

  ASSERT_TRUE(underlay && underlay->v4);
  EXPECT_EQ(underlay->v4->address, address("192.0.2.7"));
}

TEST(Underlay, NamesWhatIsNotThere) {
  OverlaySettings named;
  named.interface = "eth7";
  OverlaySettings addressed;
  addressed.addresses = {address("203.0.113.9")};

  const auto no_interface = choose_underlay(named, two_links());
  const auto no_address = choose_underlay(addressed, two_links());
  const auto nothing = choose_underlay({}, HostFacts{});

  ASSERT_FALSE(no_interface || no_address || nothing);
  EXPECT_NE(no_interface.error().text.find("eth7"), std::string::npos);
  EXPECT_NE(no_address.error().text.find("203.0.113.9"), std::string::npos);
  EXPECT_NE(nothing.error().text.find("no interface"), std::string::npos);
}

TEST(Underlay, TakesNoAddressThatPasses) {
  HostFacts facts = two_links();
  facts.addresses.push_back({2, *Prefix::parse("2001:db8::aaaa/64"), 0, true});
  facts.addresses.push_back({2, *Prefix::parse("2001:db8::1/64"), 0});

  const auto underlay = choose_underlay({}, facts);

  ASSERT_TRUE(underlay && underlay->v6);
  EXPECT_EQ(underlay->v6->address, address("2001:db8::1"));
}

TEST(Underlay, KnowsWhatIsOnItsLinkByTheLongestPrefix) {
  HostFacts facts = two_links();
  facts.routes = {
      test::route("0.0.0.0/0", 2, "192.0.2.254", 0), test::route("192.0.2.0/24", 2, "", 0),
      test::route("192.0.2.128/25", 2, "192.0.2.254", 0), test::route("198.51.100.0/24", 3, "", 0)};

  const auto underlay = choose_underlay({}, facts);

  ASSERT_TRUE(underlay);
  EXPECT_TRUE(underlay->on_link(address("192.0.2.9")));
  EXPECT_FALSE(underlay->on_link(address("192.0.2.200")));
  EXPECT_FALSE(underlay->on_link(address("198.51.100.9")));
  EXPECT_FALSE(underlay->on_link(address("203.0.113.9")));
}

}  // namespace
}  // namespace paddock::net::overlay
