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

TEST(Render, ListsAreInTheOrderOfTheirIndex) {
  const Node node = json_node(
      R"([{"name":"a b"},{"uuid":"u/1"},{"name":null,"uuid":"u2"},{"name":7},{"name":""},{},[],
          "s",null,1,{"name":"ten"},{"name":null}])");

  EXPECT_EQ(render_text(node), "0=a+b\n1=u%2F1\n2=u2\n3/\n4=\n5/\n6/\n7\n8\n9\n10=ten\n11/\n");
}

TEST(Render, MapsAreSortedAsTheyAreWritten) {
  const Node node = json_node(R"({"a b":1,"a/b":{},"a-b":[],"a":null,"é":0})");

  EXPECT_EQ(render_text(node), "%C3%A9\na\na%2Fb/\na+b\na-b/\n");
}

TEST(Render, NumbersHaveTheFormOfEachLanguage) {
  const Node node = json_node(R"([1.5,0.00001,1e-7,123456789.5,1e21,-2.5e-7,0.0,1e300])");

  EXPECT_EQ(render_json(node), "[1.5,0.00001,1e-7,123456789.5,1e+21,-2.5e-7,0,1e+300]");
  EXPECT_EQ(render_yaml(node),
            "- 1.5\n- 1e-05\n- 1e-07\n- 1.234567895e+08\n- 1e+21\n- -2.5e-07\n- 0\n- 1e+300\n");
  EXPECT_EQ(render_text(123456789.5), "123456789.5");
}

TEST(Render, JsonIsSafeWithinHtml) {
  const Node node = json_node("{\"a&b\":\"<x>\",\"s\":\"\\u2028 \\u2029 \\u00fc\"}");

  EXPECT_EQ(render_json(node),
            "{\"a\\u0026b\":\"\\u003cx\\u003e\",\"s\":\"\\u2028 \\u2029 \xc3\xbc\"}");
}

struct YamlRow {
  const char* text;
  const char* yaml;
};

class YamlRows : public ::testing::TestWithParam<YamlRow> {};

TEST_P(YamlRows, TextIsWrittenSoThatItIsReadAsText) {
  EXPECT_EQ(render_yaml(text_node(GetParam().text)), std::string(GetParam().yaml) + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    Texts, YamlRows,
    ::testing::Values(
        YamlRow{"web", "web"}, YamlRow{"10.42.0.2", "10.42.0.2"}, YamlRow{"", "\"\""},
        YamlRow{"yes", "\"yes\""}, YamlRow{"Off", "\"Off\""}, YamlRow{"yES", "yES"},
        YamlRow{"1.10", "\"1.10\""}, YamlRow{"017", "\"017\""}, YamlRow{"1_000", "\"1_000\""},
        YamlRow{"_8", "_8"}, YamlRow{"0x1F", "\"0x1F\""}, YamlRow{"1e3", "\"1e3\""},
        YamlRow{"+5", "\"+5\""}, YamlRow{"1:30", "\"1:30\""}, YamlRow{"8080:80", "8080:80"},
        YamlRow{"0.0.0.0:8080:80/tcp", "0.0.0.0:8080:80/tcp"},
        YamlRow{"02:00:00:00:00:01", "\"02:00:00:00:00:01\""}, YamlRow{"a: b", "'a: b'"},
        YamlRow{"a:b", "a:b"}, YamlRow{"a #b", "'a #b'"}, YamlRow{"a#b", "a#b"},
        YamlRow{"it's", "it's"}, YamlRow{"'quoted'", "'''quoted'''"}, YamlRow{"- a", "'- a'"},
        YamlRow{"-a", "-a"}, YamlRow{"*a", "'*a'"}, YamlRow{"[1]", "'[1]'"}, YamlRow{"a,b", "a,b"},
        YamlRow{" a", "' a'"}, YamlRow{"a ", "'a '"}, YamlRow{"---", "'---'"},
        YamlRow{"tab\there", "\"tab\\there\""}, YamlRow{"\x1b", "\"\\e\""},
        YamlRow{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        YamlRow{"\xf0\x9f\x98\x80", "\"\\U0001F600\""}, YamlRow{"a\nb", "|-\n  a\n  b"},
        YamlRow{"a\n\nb\n", "|\n  a\n\n  b"}, YamlRow{"a\n\n", "|+\n  a\n"},
        YamlRow{" a\nb", "|2-\n   a\n  b"}, YamlRow{"a \nb", "\"a \\nb\""}));

TEST(Render, BlocksOfYamlAreIndentedBelowTheirKey) {
  const Node node = json_node(R"({"a":{"b":"x\ny"},"l":["x\ny",{"k":"x\ny\n"}],"x\ny":1})");

  EXPECT_EQ(render_yaml(node),
            "a:\n  b: |-\n    x\n    y\nl:\n- |-\n  x\n  y\n- k: |\n    x\n    y\n"
            "\"x\\ny\": 1\n");
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

TEST(Render, KeysOfYamlAreInTheOrderOfTheirNumbers) {
  const Node node = json_node(
      R"({"x10":0,"x2":0,"xa":0,"x":0,"X_a":0,"XAa":0,"a}":0,"ab":0,"1a":0,"12":0,"2":0,"v1.10":0,"v1.9":0,"x02":0,"x100":0,"x20":0})");

  EXPECT_EQ(render_yaml(node),
            "1a: 0\n\"2\": 0\n\"12\": 0\nX_a: 0\nXAa: 0\na}: 0\nab: 0\nv1.9: 0\nv1.10: 0\nx: 0\n"
            "x2: 0\nx02: 0\nx10: 0\nx20: 0\nx100: 0\nxa: 0\n");
}

struct LongRow {
  std::string_view what;
  std::string text;
  std::string yaml;
};

class LongYamlRows : public ::testing::TestWithParam<LongRow> {};

TEST_P(LongYamlRows, LinesAreBrokenAtASpace) {
  const Node node = map_of({{"key", Node(GetParam().text)}});

  EXPECT_EQ(render_yaml(node), "key: " + GetParam().yaml + "\n");
}

const std::string seventy(70, 'x');

INSTANTIATE_TEST_SUITE_P(
    Texts, LongYamlRows,
    ::testing::Values(
        LongRow{"plain", seventy + " 67890 b c", seventy + " 67890\n  b c"},
        LongRow{"exactly 80 columns", seventy + " 6789 b", seventy + " 6789 b"},
        LongRow{"letters, not bytes", seventy + " \xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc b",
                seventy + " \xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc b"},
        LongRow{"not where two spaces are", seventy + " 67890  b c", seventy + " 67890  b\n  c"},
        LongRow{"single quotes", seventy + " 6: 0 b", "'" + seventy + " 6: 0\n  b'"},
        LongRow{"double quotes", seventy + " 6\t90 b", "\"" + seventy + " 6\\t90\n  b\""},
        LongRow{"no space", seventy + seventy, seventy + seventy},
        LongRow{"several", seventy + " 678901 " + seventy + " 12345678901 z",
                seventy + " 678901\n  " + seventy + " 12345678901\n  z"}),
    [](const auto& row) {
      std::string name;
      for (const char c : row.param.what) name += std::isalnum(c) != 0 ? c : '_';
      return name;
    });

TEST(Render, InPiecesItIsTheSame) {
  const Node node =
      json_node(R"({"a":[1,2,3,{"b":["x","y"]}],"c":{"d":{"e":[],"f":{}}},"g":[[],[{}],["z"]]})");
  for (const Form form : {Form::json, Form::yaml}) {
    const auto in_pieces = renderer(form, node);
    std::string text;
    int pieces = 1;

    while (in_pieces->append(text, 4)) ++pieces;

    EXPECT_EQ(text, form == Form::json ? render_json(node) : render_yaml(node));
    EXPECT_GT(pieces, 5);
  }
}

TEST(Render, AListingInPiecesIsTheSame) {
  const Node node = json_node(R"([{"name":"a b"},{"uuid":"u/1"},[],{},1,"text"])");
  const auto in_pieces = text_renderer(node);
  std::string text;
  int pieces = 1;

  while (in_pieces->append(text, 4)) ++pieces;

  EXPECT_EQ(text, "0=a+b\n1=u%2F1\n2/\n3/\n4\n5\n");
  EXPECT_EQ(pieces, 4);
}

}  // namespace
}  // namespace paddock::metadata::documents
