// SPDX-License-Identifier: Apache-2.0
#include "documents/render.hpp"

#include "documents/fields.hpp"

#include <gtest/gtest.h>

namespace paddock::metadata::documents {
namespace {

TEST(Render, ScalarsAsText) {
  EXPECT_EQ(render_text(text_node("a\nb")), "a\nb");
  EXPECT_EQ(render_text(std::int64_t{-7}), "-7");
  EXPECT_EQ(render_text(true), "true");
  EXPECT_EQ(render_text(Node()), "");
  EXPECT_EQ(render_text(1.5), "1.5");
  EXPECT_EQ(render_text(3.0), "3");
  EXPECT_EQ(render_text(1e21), "1000000000000000000000");
  EXPECT_EQ(render_text(1e-7), "0");
}

TEST(Render, JsonIsCompactAndSorted) {
  const Node node = json_node(R"({"b":[1,true,null,"x\"",1.5],"a":{},"c":[]})");

  EXPECT_EQ(render_json(node), R"({"a":{},"b":[1,true,null,"x\"",1.5],"c":[]})");
}

TEST(Render, YamlIsInBlockStyle) {
  const Node node = json_node(
      R"({"b":[1,{"x":"why","l":["z"]},[]],"a":{},"c":{"d":"no","e":"hello world","f":""},"2":null})");

  EXPECT_EQ(render_yaml(node),
            "\"2\": null\na: {}\nb:\n- 1\n- l:\n  - z\n  x: why\n- []\nc:\n  d: \"no\"\n"
            "  e: hello world\n  f: \"\"\n");
  EXPECT_EQ(render_yaml(text_node("hello world")), "hello world\n");
  EXPECT_EQ(render_yaml(Node()), "null\n");
}

TEST(Render, JsonInPiecesIsTheSame) {
  const Node node = json_node(R"({"a":[1,2,3,{"b":["x","y"]}],"c":{"d":{"e":[]}}})");
  JsonRenderer renderer(node);
  std::string text;
  int pieces = 1;

  while (renderer.append(text, 4)) ++pieces;

  EXPECT_EQ(text, render_json(node));
  EXPECT_GT(pieces, 5);
}

}  // namespace
}  // namespace paddock::metadata::documents
