// SPDX-License-Identifier: Apache-2.0
#include "dnsd/static_zones.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

namespace paddock::dnsd {
namespace {

constexpr const char* top = "@ 1 SOA ns host 1 2 3 4 5\n@ 1 NS ns\n";

std::string text(int serial) {
  return "@ 1 SOA ns host " + std::to_string(serial) + " 2 3 4 5\n@ 1 NS ns\n";
}

std::uint32_t serial_of(const StaticZones& zones) {
  return zones.zones().front().own_soa->serial;
}

TEST(StaticZones, FilesAreReadAgainWhenTheyAreOthers) {
  const test::TempFolder folder;
  folder.write("more", "a 1 A 192.0.2.1\n");
  const auto path = folder.write("zone", std::string(top) + "$INCLUDE more\n");
  StaticZones zones({"example=" + path});
  EXPECT_FALSE(zones.refresh());

  folder.write("zone", text(22) + "$INCLUDE more\n");
  EXPECT_TRUE(zones.refresh());
  EXPECT_EQ(serial_of(zones), 22u);
  EXPECT_FALSE(zones.refresh());

  folder.write("more", "a 1 A 192.0.2.1\nb 1 A 192.0.2.2\n");
  EXPECT_TRUE(zones.refresh());
}

TEST(StaticZones, ABrokenFileLeavesTheLastGoodZone) {
  const test::TempFolder folder;
  const auto path = folder.write("zone", top);
  StaticZones zones({"example=" + path});

  folder.write("zone", "rubbish\n");

  EXPECT_TRUE(zones.refresh());
  EXPECT_EQ(serial_of(zones), 1u);
  ASSERT_EQ(zones.problems().size(), 1u);
  EXPECT_EQ(zones.problems()[0].subject, "zone example.");
  EXPECT_TRUE(zones.problems()[0].text.starts_with(path + ":1: ")) << zones.problems()[0].text;
  folder.write("zone", text(333));
  EXPECT_TRUE(zones.refresh());
  EXPECT_TRUE(zones.problems().empty());
}

TEST(StaticZones, WithoutALastGoodZoneThereIsNoStart) {
  const test::TempFolder folder;

  EXPECT_THROW(StaticZones({"example=" + folder.write("zone", "rubbish\n")}), std::runtime_error);
  EXPECT_THROW(StaticZones({"example=/nowhere"}), std::runtime_error);
}

TEST(StaticZones, OptionsHaveAnOriginAndAFile) {
  EXPECT_TRUE(parse_zone_option("example.org=/etc/zones/example"));
  EXPECT_FALSE(parse_zone_option("example.org"));
  EXPECT_FALSE(parse_zone_option(".=/etc/zones/root"));
  EXPECT_FALSE(parse_zone_option("a..b=/etc/zones/x"));
  EXPECT_FALSE(parse_zone_option("example.org=relative"));
}

}  // namespace
}  // namespace paddock::dnsd
