// SPDX-License-Identifier: Apache-2.0
#include <paddock/dns/name.hpp>

#include <gtest/gtest.h>

#include <string>

namespace paddock::dns {
namespace {

std::string formatted(std::string_view text) {
  const auto name = Name::parse(text);
  return name ? name->format() : "error: " + name.error().text;
}

TEST(Name, IsLowerCaseAndAbsolute) {
  EXPECT_EQ(formatted("Web.Shop.SVC.Cluster.Local"), "web.shop.svc.cluster.local.");
  EXPECT_EQ(formatted("web.shop."), "web.shop.");
  EXPECT_EQ(formatted("."), ".");
  EXPECT_EQ(Name::parse("WEB").value(), Name::parse("web.").value());
}

TEST(Name, KeepsOctetsThatNeedEscapes) {
  const Name name = Name::parse(R"(a\.b\\c\032d\000.e)").value();
  EXPECT_EQ(name.format(), R"(a\.b\\c\032d\000.e.)");
  EXPECT_EQ(name.first_label(), std::string_view("a.b\\c d\0", 8));
  EXPECT_EQ(Name::parse(name.format()).value(), name);
}

TEST(Name, RefusesWhatIsNoName) {
  const std::string label63(63, 'x');
  for (const std::string& text :
       {std::string(), std::string(".a"), std::string("a..b"), std::string("a.."), label63 + "y",
        std::string("a\\"), std::string("a\\25"), std::string("a\\256"), std::string("a\\2x5"),
        label63 + "." + label63 + "." + label63 + "." + std::string(62, 'x')}) {
    EXPECT_FALSE(Name::parse(text)) << text;
  }
}

TEST(Name, HoldsUpTo255Octets) {
  const std::string label63(63, 'x');
  const std::string longest = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'x');
  EXPECT_EQ(Name::parse(longest).value().wire().size(), 255u);
  EXPECT_EQ(Name::parse(label63).value().wire().size(), 65u);
}

TEST(Name, ReadsWireForm) {
  const std::uint8_t wire[] = {1, 'A', 2, 'b', 'C', 0};
  EXPECT_EQ(Name::from_wire(wire).value().format(), "a.bc.");
  EXPECT_FALSE(Name::from_wire(std::span(wire, 5)));
  const std::uint8_t trailing[] = {0, 0};
  EXPECT_FALSE(Name::from_wire(trailing));
  const std::uint8_t pointer[] = {0xC0, 0x0C};
  EXPECT_FALSE(Name::from_wire(pointer));
  EXPECT_FALSE(Name::from_wire({}));
}

TEST(Name, KnowsItsFamily) {
  const Name zone = Name::parse("cluster.local").value();
  const Name web = zone.child("Web").value();
  EXPECT_EQ(web.format(), "web.cluster.local.");
  EXPECT_EQ(web.parent(), zone);
  EXPECT_TRUE(web.is_within(zone));
  EXPECT_TRUE(zone.is_within(zone));
  EXPECT_TRUE(zone.is_within(Name()));
  EXPECT_FALSE(zone.is_within(web));
  EXPECT_FALSE(Name::parse("xcluster.local").value().is_within(zone));
  EXPECT_EQ(Name().parent(), Name());
  EXPECT_EQ(zone.child("a.b").value().format(), R"(a\.b.cluster.local.)");
  EXPECT_FALSE(zone.child(""));
  EXPECT_FALSE(zone.child(std::string(64, 'x')));
}

}  // namespace
}  // namespace paddock::dns
