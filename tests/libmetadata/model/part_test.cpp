// SPDX-License-Identifier: Apache-2.0
#include <paddock/metadata/part.hpp>

#include <gtest/gtest.h>

namespace paddock::metadata {
namespace {

std::shared_ptr<Pod> pod() {
  auto made = std::make_shared<Pod>();
  made->ns = "shop";
  made->name = "web-1";
  made->uid = "u-1";
  made->revision = 4;
  made->labels = {{"app", "web"}};
  made->addresses = {boost::asio::ip::make_address("10.42.0.7")};
  made->health = "healthy";
  return made;
}

TEST(Part, IsKnownByName) {
  EXPECT_EQ(part_of_name("all"), Part::all);
  EXPECT_EQ(part_of_name("names"), Part::names);
  EXPECT_EQ(part_of_name("hosts"), Part::hosts);
  EXPECT_EQ(part_of_name("nothing"), std::nullopt);
  EXPECT_EQ(name_of(Part::hosts), "hosts");
}

TEST(Part, OfAllIsTheObjectItself) {
  const ObjectPtr whole = pod();
  EXPECT_EQ(part_of(Part::all, whole), whole);
}

TEST(Part, OfNamesHasWhatNamesAreMadeOf) {
  const auto part = part_of(Part::names, pod());

  ASSERT_NE(as<Pod>(part.get()), nullptr);
  EXPECT_EQ(part->key(), pod()->key());
  EXPECT_EQ(part->revision, 4U);
  EXPECT_EQ(as<Pod>(part.get())->addresses, pod()->addresses);
  EXPECT_TRUE(part->labels.empty());
  EXPECT_TRUE(as<Pod>(part.get())->health.empty());
}

TEST(Part, OfNamesHasNoHostsNetworksAndSubnets) {
  auto network = std::make_shared<Network>();
  network->name = "overlay";

  EXPECT_EQ(part_of(Part::names, network), nullptr);
  for (const Kind kind : {Kind::host, Kind::network, Kind::subnet}) {
    EXPECT_FALSE(has_kind(Part::names, kind));
    EXPECT_TRUE(has_kind(Part::all, kind));
  }
}

TEST(Part, OfHostsHasHostsSubnetsAndPodsWhole) {
  const ObjectPtr whole = pod();
  EXPECT_EQ(part_of(Part::hosts, whole), whole);
  EXPECT_EQ(part_of(Part::hosts, std::make_shared<Service>()), nullptr);
  EXPECT_TRUE(has_kind(Part::hosts, Kind::host));
  EXPECT_TRUE(has_kind(Part::hosts, Kind::subnet));
  EXPECT_FALSE(has_kind(Part::hosts, Kind::endpoints));

  auto relabelled = pod();
  relabelled->labels = {{"app", "shop"}};
  EXPECT_FALSE(same_in(Part::hosts, whole, relabelled));
  EXPECT_TRUE(same_in(Part::hosts, whole, pod()));
}

TEST(Part, VersionsAreTheSameUnlessSomethingInItDiffers) {
  auto relabelled = pod();
  relabelled->labels = {{"app", "shop"}};
  relabelled->revision = 5;
  auto moved = pod();
  moved->addresses = {boost::asio::ip::make_address("10.42.0.8")};

  EXPECT_TRUE(same_in(Part::names, pod(), relabelled));
  EXPECT_FALSE(same_in(Part::all, pod(), relabelled));
  EXPECT_FALSE(same_in(Part::names, pod(), moved));
}

TEST(Part, EndpointsSayWhenTheyChangedAndAreNoOthersForIt) {
  auto first = std::make_shared<Endpoints>();
  first->ns = "shop";
  first->name = first->service = "web";
  first->annotations = TextMap{TextPair{Text(change_time_annotation), "2026-11-22T11:36:35Z"},
                               TextPair{"other", "left out"}};
  auto second = clone(*first);
  second->annotations = TextMap{TextPair{Text(change_time_annotation), "2026-11-22T11:36:36Z"}};
  second->revision = 2;

  const auto part = part_of(Part::names, first);
  ASSERT_EQ(part->annotations.size(), 1U);
  EXPECT_EQ(part->annotations.begin()->value, "2026-11-22T11:36:35Z");
  EXPECT_TRUE(same_in(Part::names, first, second));
  EXPECT_FALSE(same_in(Part::all, first, second));
}

}  // namespace
}  // namespace paddock::metadata
