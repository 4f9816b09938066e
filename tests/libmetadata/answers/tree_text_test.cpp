// SPDX-License-Identifier: Apache-2.0
#include "answers/tree_text.hpp"

#include "documents/render.hpp"

#include <gtest/gtest.h>

namespace paddock::metadata::answers {
namespace {

std::string json_of(std::string_view text) {
  const TreeText read = read_tree_text(text);
  if (read.error) return std::to_string(read.error->line) + ": " + read.error->message;
  return documents::render_json(read.root);
}

std::string doubts_of(std::string_view text) {
  std::string all;
  for (const TextError& doubt : read_tree_text(text).doubts) {
    all += std::to_string(doubt.line) + ": " + doubt.message + "\n";
  }
  return all;
}

TEST(TreeText, ScalarsAreThoseOfYaml11) {
  EXPECT_EQ(json_of("[yes, Off, y, ~, null, 017, 0x1F, 0b101, 1_000, +5, -3, 1.50, 1e3, .5]"),
            R"([true,false,true,null,null,15,31,5,1000,5,-3,1.5,1000,0.5])");
  EXPECT_EQ(
      json_of("[yES, 1:30, 10.42.0.2, .inf, '7', !!str 7, 0x, 1.2.3, '', 18446744073709551616]"),
      R"(["yES","1:30","10.42.0.2",".inf","7","7","0x","1.2.3","",18446744073709552000])");
}

TEST(TreeText, WholeNumbersStayWholeAsFarAsTheyGo) {
  EXPECT_EQ(json_of("[9223372036854775807, -9223372036854775808, -0x8000000000000000]"),
            "[9223372036854775807,-9223372036854775808,-9223372036854775808]");
}

TEST(TreeText, KeysAreTextWhateverTheyLookLike) {
  EXPECT_EQ(json_of("{n: 1, on: 2, 1: 3, 2015-07-25: 4, true: 5}"),
            R"({"1":3,"2015-07-25":4,"n":1,"on":2,"true":5})");
  EXPECT_EQ(json_of("~: 1"), "1: a key must be text");
  EXPECT_EQ(json_of("? [a]\n: 1"), "1: a key must be text");
}

TEST(TreeText, JsonIsReadAsJson) {
  EXPECT_EQ(json_of(R"({"a":[1,2.5,"x",null,true,{}],"n":12345678901234567890})"),
            R"({"a":[1,2.5,"x",null,true,{}],"n":12345678901234567000})");
  EXPECT_EQ(json_of("{\"a\": 1,\n\"b\" 2}").substr(0, 25), "2: not JSON at byte 14: s");
  EXPECT_EQ(json_of("{a: 1, b: yes,}"), R"({"a":1,"b":true})");  // YAML, in braces
}

TEST(TreeText, AliasesShareAndMergeKeysMerge) {
  EXPECT_EQ(json_of("a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd: {<<: [*a, {z: 4}]}\n"),
            R"({"a":{"x":1,"y":2},"b":{"x":1,"y":2},"c":{"x":1,"y":3},"d":{"x":1,"y":2,"z":4}})");
  EXPECT_EQ(json_of("a: &k name\n*k : 1"), R"({"a":"name","name":1})");
}

TEST(TreeText, TheLastOfEqualKeysCountsAndIsToldOf) {
  EXPECT_EQ(json_of("a: 1\nb: 2\na: 3\n"), R"({"a":3,"b":2})");
  EXPECT_EQ(doubts_of("a: 1\nb: 2\na: 3\n"), "3: the key a is given twice: the last one counts\n");
  EXPECT_EQ(doubts_of("{\"a\":1,\n\"a\":2}"), "2: the key a is given twice: the last one counts\n");
  EXPECT_EQ(doubts_of("a: 1\n---\nb: 2\n"),
            "2: a second YAML document begins here: it is not read\n");
}

TEST(TreeText, AFileThatRepeatsEverythingCostsItsOwnSize) {
  // Two hundred clients that each show all of the same four hundred containers.
  std::string text = "v:\n  default: &d\n    containers:\n";
  for (int i = 0; i < 400; ++i) text += "    - {name: c" + std::to_string(i) + ", ips: [a, b]}\n";
  for (int i = 0; i < 200; ++i) text += "  client" + std::to_string(i) + ": *d\n";

  const TreeText read = read_tree_text(text);

  EXPECT_FALSE(read.error) << read.error->message;
}

TEST(TreeText, WhatAliasesUnfoldToIsBounded) {
  std::string bomb = "v:\n  default:\n    a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string inner = "*a" + std::to_string(i - 1);
    bomb += "    a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + inner;
    for (int j = 0; j < 9; ++j) bomb += ", " + inner;
    bomb += "]\n";
  }
  EXPECT_NE(json_of(bomb).find("aliases repeat too much"), std::string::npos);

  std::string wide = "v:\n  default:\n    a: &a " + std::string(1U << 20U, 'x') + "\n    b: [*a";
  for (int i = 0; i < 1100; ++i) wide += ", *a";
  EXPECT_NE(json_of(wide + "]\n").find("aliases repeat too much"), std::string::npos);
}

TEST(TreeText, RefusesCyclesDepthTagsAndOtherEncodings) {
  EXPECT_EQ(json_of("a: &a [*a]"), "1: an alias stands inside what it names");
  EXPECT_NE(json_of(std::string(70, '[') + std::string(70, ']')).find("deep"), std::string::npos);
  EXPECT_NE(json_of(std::string(5000, '[')), "");
  EXPECT_EQ(json_of("a: !widget b"), "1: the tag !widget means nothing here");
  EXPECT_EQ(json_of("a: b\nc: \"\xff\""), "2: not UTF-8");
  EXPECT_EQ(json_of("<<: 5"), "1: <<: must be a map, or a list of maps");
  EXPECT_EQ(json_of(","), "1: not YAML: a value must stand here");
  std::string deep = "a0: &a0 [x]\n";
  for (int i = 1; i < 70; ++i) {
    deep += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
            "]\n";
  }
  EXPECT_NE(json_of(deep).find("deep"), std::string::npos);
}

TEST(TreeText, ObjectsOneAfterTheOther) {
  const TreeTexts read = read_json_texts("{\"a\":1}{\"b\":{}}\n  {\"c\":\"}\"}\n");

  ASSERT_FALSE(read.error);
  ASSERT_EQ(read.roots.size(), 3U);
  EXPECT_EQ(documents::render_json(read.roots[2]), R"({"c":"}"})");
  EXPECT_TRUE(read_json_texts("{\"a\":1}, {\"b\":2}").error);
  EXPECT_TRUE(read_json_texts("{\"a\":1}{\"b\"").error);
  EXPECT_TRUE(read_json_texts("").roots.empty());
}

}  // namespace
}  // namespace paddock::metadata::answers
