// SPDX-License-Identifier: Apache-2.0
#include "paddock/output.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

TEST(Table, AlignsColumnsAndMarksEmptyCells) {
  EXPECT_EQ(table({"POD", "HOST", "X"}, {{"shop/web-1", "", "1"}, {"a", "two", ""}}),
            "POD         HOST  X\nshop/web-1  -     1\na           two   -\n");
}

TEST(Rendered, YamlReadsBackAsTheSameTexts) {
  const auto value = ordered_json::parse(
      R"({"name":"no","version":"1.10","ready":true,"n":7,"list":["a: b"],"none":[],"map":{}})");

  const auto text = rendered(value, "yaml");

  const auto read = YAML::Load(text);
  EXPECT_EQ(read["name"].Tag(), "!") << text;  // quoted, so that YAML 1.1 does not see a boolean
  EXPECT_EQ(read["name"].as<std::string>(), "no");
  EXPECT_EQ(read["version"].as<std::string>(), "1.10");
  EXPECT_TRUE(read["ready"].as<bool>());
  EXPECT_EQ(read["list"][0].as<std::string>(), "a: b");
  EXPECT_TRUE(read["none"].IsSequence());
  EXPECT_TRUE(read["map"].IsMap());
}

TEST(Rendered, WhatIsAbsentIsNoTextInYaml) {
  const auto text = rendered({{"before", nullptr}, {"name", "null"}}, "yaml");

  const auto read = YAML::Load(text);
  EXPECT_TRUE(read["before"].IsNull()) << text;
  EXPECT_EQ(read["name"].as<std::string>(), "null") << text;
}

TEST(SpanText, PicksTheUnit) {
  EXPECT_EQ(span_text(5), "5 s");
  EXPECT_EQ(span_text(180), "3 min");
  EXPECT_EQ(span_text(7200), "2 h");
  EXPECT_EQ(span_text(200000), "2 d");
}

}  // namespace
}  // namespace paddock::cli
