// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/list_reader.hpp"

#include "libmetadata/kubernetes/recording.hpp"

#include <gtest/gtest.h>

namespace paddock::metadata::kubernetes {
namespace {

using testing::Recording;

const std::string sample =
    R"({"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"912",)"
    R"("continue":"next"},"items":[{"a":{"items":[1,{"b":"}]\"\\"}]}},{"metadata":{}}]})";

struct Reading {
  std::vector<std::string> items;
  bool is_right = true;
  bool is_whole = false;
  std::string version;
  std::string next;
  std::string problem;
};

Reading read(const std::vector<std::string>& pieces, std::size_t limit = 1 << 20) {
  Reading reading;
  ListReader reader([&](std::string_view item) { reading.items.emplace_back(item); }, limit);
  for (const auto& piece : pieces) {
    if (!(reading.is_right = reader.feed(piece))) break;
  }
  reading.is_whole = reader.is_whole();
  reading.version = reader.resource_version();
  reading.next = reader.next_page();
  reading.problem = reader.problem();
  return reading;
}

TEST(ListReader, FindsItemsVersionAndNextPage) {
  const auto reading = read({sample});

  EXPECT_TRUE(reading.is_whole);
  EXPECT_EQ(reading.items, (std::vector<std::string>{R"({"a":{"items":[1,{"b":"}]\"\\"}]}})",
                                                     R"({"metadata":{}})"}));
  EXPECT_EQ(reading.version, "912");
  EXPECT_EQ(reading.next, "next");
}

TEST(ListReader, DoesNotMindWhereTheBytesAreCut) {
  const auto whole = read({sample});

  for (std::size_t at = 0; at <= sample.size(); ++at) {
    const auto cut = read({sample.substr(0, at), sample.substr(at)});
    EXPECT_EQ(cut.items, whole.items) << at;
    EXPECT_EQ(cut.version, whole.version) << at;
    EXPECT_TRUE(cut.is_whole) << at;
  }
}

TEST(ListReader, IsNotWholeBeforeItsLastByte) {
  for (std::size_t size = 0; size < sample.size(); ++size) {
    EXPECT_FALSE(read({sample.substr(0, size)}).is_whole) << size;
  }
}

TEST(ListReader, TakesIndentedListsAndNullItems) {
  const auto reading =
      read({"{\n  \"items\": null,\n  \"metadata\": {\n \"resourceVersion\": \"7\" }\n}\n"});

  EXPECT_TRUE(reading.is_whole);
  EXPECT_TRUE(reading.items.empty());
  EXPECT_EQ(reading.version, "7");
}

TEST(ListReader, RefusesWhatIsNoList) {
  EXPECT_EQ(read({"404 page not found"}).problem, "no JSON object");
  EXPECT_EQ(read({"[1]"}).problem, "no JSON object");
  EXPECT_EQ(read({R"({"metadata":{x}})"}).problem, "the list's metadata is no JSON");
  EXPECT_EQ(read({R"({"items":[]} {)"}).problem, "text behind the list");
  EXPECT_EQ(read({R"({"major":"1"})"}).problem, "no list: it has no items");
  EXPECT_EQ(read({"{" + std::string(2000, '[')}).problem, "the list is nested too deeply");
}

TEST(ListReader, HoldsNoItemLongerThanTheLimit) {
  const auto reading = read({R"({"items":[{"a":")" + std::string(200, 'x') + R"("}]})"}, 100);

  EXPECT_FALSE(reading.is_right);
  EXPECT_TRUE(reading.items.empty());
  EXPECT_NE(reading.problem.find("100 bytes"), std::string::npos);
}

TEST(ListReader, ReadsRecordedListsLikeAnyReaderOfJson) {
  for (const char* name : {"list/services", "list/endpointslices", "list-final/pods"}) {
    const Recording recording(name);
    const auto expected = nlohmann::json::parse(recording.body());

    const auto reading = read(recording.chunks());

    ASSERT_TRUE(reading.is_whole) << name << ": " << reading.problem;
    EXPECT_EQ(reading.version, expected.at("metadata").at("resourceVersion"));
    ASSERT_EQ(reading.items.size(), expected.at("items").size());
    for (std::size_t i = 0; i < reading.items.size(); ++i) {
      EXPECT_EQ(nlohmann::json::parse(reading.items[i]), expected.at("items")[i]);
    }
  }
}

}  // namespace
}  // namespace paddock::metadata::kubernetes
