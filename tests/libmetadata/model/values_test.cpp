// SPDX-License-Identifier: Apache-2.0
#include <paddock/metadata/values.hpp>

#include <gtest/gtest.h>

#include <string>

namespace paddock::metadata {
namespace {

TEST(Text, ReadsAsWhatItWasMadeOf) {
  const Text text = std::string("web");

  EXPECT_EQ(text, "web");
  EXPECT_EQ(text, std::string_view("web"));
  EXPECT_LT(text, Text("xeb"));
  EXPECT_TRUE(Text("").empty());
  EXPECT_EQ(Text(), "");
}

TEST(Text, SharedGivesEqualTextsOneStorage) {
  const std::string one = "node-17.example";

  EXPECT_EQ(Text::shared(one).view().data(), Text::shared("node-17.example").view().data());
  EXPECT_EQ(Text::shared(one), one);
}

TEST(Text, SharedStaysRightWhenTheCacheOverflows) {
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = "t" + std::to_string(i);
    ASSERT_EQ(Text::shared(text), text);
  }
}

TEST(List, CopiesShareAndOldCopiesStay) {
  Texts list{"a", "b"};
  const Texts copy = list;
  EXPECT_TRUE(copy.is_same(list));

  auto edited = list.to_vector();
  edited.emplace_back("c");
  list = Texts(std::move(edited));

  EXPECT_EQ(copy.size(), 2U);
  EXPECT_EQ(list, (Texts{"a", "b", "c"}));
}

TEST(TextMap, IsOrderedAndTheLastOfEqualKeysCounts) {
  const TextMap map{{"b", "1"}, {"a", "2"}, {"b", "3"}};

  ASSERT_EQ(map.size(), 2U);
  EXPECT_EQ(map.begin()->key, "a");
  ASSERT_NE(map.find("b"), nullptr);
  EXPECT_EQ(*map.find("b"), "3");
  EXPECT_EQ(map.find("c"), nullptr);
}

TEST(TextMap, SharedMapsOfEqualContentAreOne) {
  const auto make = [] { return TextMap::shared({{"app", "web"}, {"tier", "front"}}); };

  EXPECT_EQ(make().begin(), make().begin());
}

TEST(TextMap, SharedKeepsNothingLargeBeyondItsLife) {
  const auto large = [] { return TextMap::shared({{"config", std::string(5000, 'x')}}); };
  const TextMap one = large();

  const TextMap another = large();

  EXPECT_EQ(one, another);
  EXPECT_NE(one.begin(), another.begin()) << "it would be held on to";
}

TEST(TextMap, MatchesASelectorWhoseEveryPairItHolds) {
  const TextMap labels{{"app", "web"}, {"tier", "front"}};

  EXPECT_TRUE(labels.matches({{"app", "web"}}));
  EXPECT_FALSE(labels.matches({{"app", "db"}}));
  EXPECT_FALSE(labels.matches({{"app", "web"}, {"zone", "a"}}));
  EXPECT_FALSE(labels.matches({})) << "an empty selector selects nothing";
}

TEST(Prefix, ParsesAndFormatsBothFamilies) {
  ASSERT_TRUE(parse_prefix("10.42.0.0/16"));
  EXPECT_EQ(format(*parse_prefix("10.42.0.0/16")), "10.42.0.0/16");
  EXPECT_EQ(format(*parse_prefix("fd00:42::/56")), "fd00:42::/56");
  EXPECT_EQ(format(*parse_prefix("0.0.0.0/0")), "0.0.0.0/0");
}

TEST(Prefix, RefusesHostBitsAndNonsense) {
  for (const char* text : {"10.42.0.1/16", "10.42.0.0", "10.42.0.0/33", "10.42.0.0/-1", "/8",
                           "10.42.0.0/", "10.42.0.0/8x", "fd00::1/64", "fe80::%lo/10"}) {
    EXPECT_FALSE(parse_prefix(text)) << text;
  }
  EXPECT_FALSE(parse_prefix(std::string_view("10.42.0.0\0x/16", 14))) << "a zero ends no address";
}

TEST(Prefix, ContainsWhatBeginsWithItsBits) {
  const Prefix pool = *parse_prefix("10.42.16.0/20");
  using boost::asio::ip::make_address;

  EXPECT_TRUE(pool.contains(make_address("10.42.31.255")));
  EXPECT_FALSE(pool.contains(make_address("10.42.32.0")));
  EXPECT_FALSE(pool.contains(make_address("::1")));
}

}  // namespace
}  // namespace paddock::metadata
