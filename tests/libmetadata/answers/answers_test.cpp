// SPDX-License-Identifier: Apache-2.0
#include "answers/answers.hpp"

#include "documents/render.hpp"

#include <gtest/gtest.h>

namespace paddock::metadata {
namespace {

constexpr std::string_view tree = R"(
"2015-07-25":
  default:
    name: everybody
    shared: {a: 1, b: 2}
    list: [1]
  10.42.0.2:
    name: web-1
    shared: {a: 9}
  "::ffff:10.42.0.3": {name: mapped}
  fd00::0:5: {name: six}
  10.42.0.4: ~
"2016-07-29":
  10.42.0.2: {name: only}
)";

std::string read(const Answers& answers, const char* version, const char* client,
                 const std::vector<std::string>& path = {}) {
  const auto root = answers.root(version, client);
  const auto node = root ? documents::find(*root, path) : std::nullopt;
  return node ? documents::render_json(*node) : "nothing";
}

TEST(Answers, AClientReadsItsTreeAndBelowItThatOfEverybody) {
  const auto answers = parse_answers(tree, "answers.yaml")->answers;

  EXPECT_EQ(read(*answers, "2015-07-25", "10.42.0.2"),
            R"({"list":[1],"name":"web-1","shared":{"a":9}})");
  EXPECT_EQ(read(*answers, "2015-07-25", "10.42.0.2", {"shared", "b"}), "nothing");
  EXPECT_EQ(read(*answers, "2015-07-25", "10.42.0.4", {"name"}), "\"everybody\"");
}

TEST(Answers, AStrangerReadsWhatEverybodyReads) {
  const auto answers = parse_answers(tree, "answers.yaml")->answers;

  EXPECT_EQ(read(*answers, "2015-07-25", "203.0.113.9", {"name"}), "\"everybody\"");
  EXPECT_EQ(read(*answers, "2015-07-25", "10.42.0.2, 10.42.0.3", {"name"}), "\"everybody\"");
  EXPECT_EQ(read(*answers, "2015-07-25", "default", {"name"}), "\"everybody\"");
  EXPECT_EQ(read(*answers, "2016-07-29", "203.0.113.9"), "nothing");
}

TEST(Answers, AnAddressIsTheSameHoweverItIsWritten) {
  const auto answers = parse_answers(tree, "answers.yaml")->answers;

  EXPECT_EQ(read(*answers, "2015-07-25", "10.42.0.3", {"name"}), "\"mapped\"");
  EXPECT_EQ(read(*answers, "2015-07-25", "::ffff:10.42.0.2", {"name"}), "\"web-1\"");
  EXPECT_EQ(read(*answers, "2015-07-25", "fd00::5", {"name"}), "\"six\"");
}

TEST(Answers, AListIsAskedByIndexElseByName) {
  constexpr std::string_view lists = R"({"v": {"default": {"list": [
      {"name": "first"}, {"name": "99999999999999999999"}, {"name": "1x"}, {"uuid": "+"}]}}})";
  const auto answers = parse_answers(lists, "answers.json")->answers;
  const auto element = [&](const char* segment) {
    return read(*answers, "v", "203.0.113.9", {"list", segment});
  };

  EXPECT_EQ(element("0"), element("first"));
  EXPECT_EQ(element("+0"), element("first"));
  EXPECT_EQ(element("99999999999999999999"), element("1"));
  EXPECT_EQ(element("1x"), element("2"));
  EXPECT_EQ(element("+"), element("3"));
  EXPECT_EQ(element("-1"), "nothing");
  EXPECT_EQ(element("4"), "nothing");
}

TEST(Answers, LatestIsTheHighestVersionUnlessThereIsOneOfThatName) {
  const auto without = parse_answers(tree, "answers.yaml")->answers;
  const auto with =
      parse_answers("latest: {default: {v: l}}\nv9: {default: {v: 9}}\n", "answers.yaml")->answers;

  EXPECT_EQ(read(*without, "latest", "10.42.0.2"), R"({"name":"only"})");
  EXPECT_EQ(read(*with, "latest", "x", {"v"}), "\"l\"");
  EXPECT_EQ(with->versions(), (std::vector<std::string>{"latest", "v9"}));
  EXPECT_FALSE(without->has_version("2011-01-01"));
  EXPECT_FALSE(parse_answers("{}", "empty")->answers->has_version("latest"));
}

TEST(Answers, AVersionThatIsNoMapIsLeftOutAndToldOf) {
  const auto reading = parse_answers("v1: 5\nv2: {default: {a: 1}}\nv2: {default: {a: 2}}\n", "f");

  ASSERT_TRUE(reading);
  std::vector<std::string> told;
  for (const Problem& problem : reading->problems) told.push_back(format(problem));
  EXPECT_EQ(told, (std::vector<std::string>{"f:3: the key v2 is given twice: the last one counts",
                                            "f: v1: must be a map of clients; it is left out"}));
  EXPECT_EQ(read(*reading->answers, "v2", "10.0.0.1"), R"({"a":2})");
}

TEST(Answers, AClientWhoseTreeIsNoMapReadsItAsItIs) {
  const auto answers =
      parse_answers("v: {default: {a: 1}, 10.0.0.1: text, 10.0.0.2: [{name: b}]}\n", "f")->answers;

  EXPECT_EQ(read(*answers, "v", "10.0.0.1"), "\"text\"");
  EXPECT_EQ(read(*answers, "v", "10.0.0.1", {"a"}), "nothing");
  EXPECT_EQ(read(*answers, "v", "10.0.0.2", {"b"}), R"({"name":"b"})");
}

TEST(Answers, EqualTextsHaveEqualStamps) {
  EXPECT_EQ(parse_answers(tree, "a")->answers->stamp(), parse_answers(tree, "b")->answers->stamp());
  EXPECT_NE(parse_answers(tree, "a")->answers->stamp(),
            parse_answers("v: {}", "a")->answers->stamp());
}

TEST(Answers, AnErrorNamesThePlace) {
  EXPECT_EQ(parse_answers("- a\n", "f.yaml").error().text,
            "f.yaml:1: must be a map: of versions, or of Version and Data");
  EXPECT_EQ(parse_answers("a: [1\nb: 2\n", "f.yaml").error().text.substr(0, 18),
            "f.yaml:2: not YAML");
  EXPECT_EQ(parse_answers("", "f.yaml").error().text.substr(0, 9), "f.yaml:1:");
}

}  // namespace
}  // namespace paddock::metadata
