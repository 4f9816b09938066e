// SPDX-License-Identifier: Apache-2.0
#include "codec/tree.hpp"

#include <paddock/metadata/codec.hpp>

#include <gtest/gtest.h>

namespace paddock::metadata {
namespace {

struct Read {
  std::string json;   // compact, of what was delivered
  std::string error;  // "LINE: message"
};

Read read(std::string_view text) {
  Read read;
  TreeBuilder builder(TreeBuilder::Lists::whole,
                      [&read](const Value& root) { append_value(read.json, root); });
  if (const auto error = read_json(text, builder)) {
    read.error = std::to_string(error->line) + ": " + error->message;
  }
  return read;
}

std::string text_of(std::string_view json) {
  std::string text;
  TreeBuilder builder(TreeBuilder::Lists::whole,
                      [&text](const Value& root) { text = root.text(); });
  const auto error = read_json(json, builder);
  return error ? "refused: " + error->message : text;
}

TEST(JsonText, NumbersKeepTheirText) {
  for (const char* number : {"0", "7", "-1", "10", "1.50", "0.0", "-0.5", "1e5", "1E+5", "1.25e-7",
                             "9223372036854775808", "-9223372036854775809",
                             "123456789012345678901234567890", "1e308", "1e-999"}) {
    EXPECT_EQ(read(number).json, number);
    EXPECT_EQ(read("[" + std::string(number) + "]").json, "[" + std::string(number) + "]");
  }
  EXPECT_EQ(read("-0").json, "0");
  EXPECT_EQ(read("0e99999999999999999999").json, "0e99999999999999999999");
}

TEST(JsonText, WhatIsNoNumberIsRefused) {
  for (const char* text : {"-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "01", "-01", "0x10", "1_000",
                           "--1", "NaN", "Infinity", "-Infinity", "1 2", "1,"}) {
    EXPECT_NE(read(text).error, "") << text;
  }
}

TEST(JsonText, NumbersBeyondDoubleAreRefused) {
  const std::string zeros(400, '0');
  for (const std::string& text :
       {std::string("1e309"), std::string("-1e309"), std::string("1e99999999999999999999"),
        "1" + zeros, "0." + zeros + "1e999"}) {
    EXPECT_NE(read(text).error.find("the number is too large"), std::string::npos) << text;
  }
  for (const std::string& text : {"0." + zeros + "1", "0." + zeros + "1e401", "1" + zeros + "e-400",
                                  std::string("1e-99999999999999999999")}) {
    EXPECT_EQ(read(text).json, text);
  }
}

TEST(JsonText, EscapesAreWhatTheyMean) {
  EXPECT_EQ(text_of(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(text_of(R"("\u0041\u00e9\u20AC\ud83d\ude00")"),
            "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(text_of(R"("\u0000")"), std::string(1, '\0'));
  EXPECT_EQ(text_of(R"("\uffff\uD800\uDC00\uDBFF\uDFFF")"),
            "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
  EXPECT_EQ(text_of(R"("")"), "");
  EXPECT_EQ(read(R"({"\u006bey":1,"k\u0065y":2})").json, R"({"key":1,"key":2})");
}

// Eight bytes are looked at together: what is special may stand at any of them, and at the end.
TEST(JsonText, WhatIsSpecialIsSeenAtEveryPlace) {
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t after = 0; after < 20; ++after) {
      const std::string a(before, 'a');
      const std::string z(after, 'z');
      EXPECT_EQ(text_of("\"" + a + "\\n" + z + "\""), a + "\n" + z);
      EXPECT_EQ(text_of("\"" + a + "\xe2\x82\xac" + z + "\""), a + "\xe2\x82\xac" + z);
      EXPECT_EQ(text_of("\"" + a + "\x7f" + z + "\""), a + "\x7f" + z);
      for (const char* bad : {"\n", "\x1f", "\x80", "\xff", "\"", "\\"}) {
        EXPECT_NE(read("\"" + a + bad + z + "\"").error, "") << before << " " << after;
      }
    }
  }
}

TEST(JsonText, BadEscapesAreRefused) {
  for (const char* text :
       {R"("\)", R"("\")", R"("\x41")", R"("\u")", R"("\u00")", R"("\u00g0")", R"("\u-001")",
        R"("\ud800")", R"("\ud800x")", R"("\ud800\n")", R"("\ud800\u0041")", R"("\ud800\ud800")",
        R"("\udc00")", R"("\ud800\u")", R"("\ud800\udc0")", R"("\U0041")", R"("\'")"}) {
    EXPECT_NE(read(text).error, "") << text;
  }
}

TEST(JsonText, OnlyUtf8IsAccepted) {
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x80\x80", "\xe2\x82", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_NE(read("\"" + std::string(bad) + "\"").error.find("not UTF-8"), std::string::npos);
    EXPECT_NE(read("\"\\n" + std::string(bad) + "\"").error.find("not UTF-8"), std::string::npos);
    EXPECT_NE(read("{\"" + std::string(bad) + "\":1}").error.find("not UTF-8"), std::string::npos);
  }
  EXPECT_EQ(read("\xef\xbb\xbf[1]").json, "[1]");
  EXPECT_NE(read("[\xef\xbb\xbf"
                 "1]")
                .error,
            "");
}

TEST(JsonText, WhatOtherLanguagesAllowIsRefused) {
  for (const char* text : {"",
                           " ",
                           "[1,]",
                           "{\"a\":1,}",
                           "[,1]",
                           "{,}",
                           "{a:1}",
                           "{'a':1}",
                           "['a']",
                           "// x\n1",
                           "/**/1",
                           "[1]//",
                           "{\"a\" 1}",
                           "{\"a\"}",
                           "{1:1}",
                           "[1 2]",
                           "[1}",
                           "{\"a\":1]",
                           "[1]]",
                           "True",
                           "nul",
                           "nulls",
                           "truefalse",
                           "tru",
                           "undefined",
                           "\x0b"
                           "1",
                           "\xc2\xa0"
                           "1",
                           "[\"a\nb\"]"}) {
    EXPECT_NE(read(text).error, "") << text;
  }
  EXPECT_NE(read(std::string_view("1\0", 2)).error, "");
  EXPECT_NE(read(std::string_view("{}\0 x", 5)).error, "");
}

TEST(JsonText, ErrorsSayWhatAndWhere) {
  const std::pair<const char*, const char*> errors[] = {
      {"", "1: not JSON at byte 1: syntax error, the text ends: a value must stand here"},
      {"{\"a\":\n1,}", "2: not JSON at byte 9: syntax error, a key in quotes must stand here"},
      {"{\"a\" 1}", "1: not JSON at byte 6: syntax error, ':' must follow a key"},
      {"[1,\n\n 2 3]",
       "3: not JSON at byte 9: syntax error, ',' or ']' must follow a value of a list"},
      {"{\"a\":1",
       "1: not JSON at byte 7: syntax error, the text ends: ',' or '}' must follow a value of a "
       "map"},
      {"trve", "1: not JSON at byte 3: syntax error, it must be true here"},
      {"[1] 2", "1: not JSON at byte 5: syntax error, nothing may follow the value"},
      {"[-x]", "1: not JSON at byte 3: syntax error, a digit must follow '-'"},
      {"[\"a\\q\"]", "1: not JSON at byte 5: syntax error, no escape is written so"},
      {"\"\\u12x4\"",
       "1: not JSON at byte 6: syntax error, four hexadecimal digits must follow \\u"},
      {"\"ab", "1: not JSON at byte 4: syntax error, the text ends: a quote must end the string"},
      {"\"a\tb\"",
       "1: not JSON at byte 3: syntax error, a control character in a string must be written with "
       "a "
       "backslash"},
  };
  for (const auto& [text, error] : errors) EXPECT_EQ(read(text).error, error) << text;
}

TEST(JsonText, DepthIsLimited) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };

  EXPECT_EQ(read(nested(Limits::depth)).error, "");
  EXPECT_EQ(read(nested(Limits::depth + 1)).error,
            "1: lists and maps inside one another more than 64 deep");
  EXPECT_NE(read(std::string(1U << 20U, '[')).error, "");
}

// Each number is its own line.
TEST(JsonText, ValuesKnowTheirLine) {
  std::vector<std::pair<std::string, unsigned>> scalars;
  std::vector<unsigned> begun;
  const std::function<void(const Value&)> collect = [&](const Value& value) {
    if (value.type() == Value::Type::list || value.type() == Value::Type::map) {
      begun.push_back(value.line());
    } else {
      scalars.emplace_back(value.text(), value.line());
    }
    for (const Value& item : value.items()) collect(item);
  };
  TreeBuilder builder(TreeBuilder::Lists::whole, collect);

  const auto error = read_json(
      "\n{\"a\":2\n,\"b\":\n\"4\", \"c\": [\r\n5,5\n]\n,\n\"d\":{\n\n\"e\":10}}\n", builder);

  ASSERT_FALSE(error) << error->message;
  for (const auto& [text, line] : scalars) EXPECT_EQ(text, std::to_string(line));
  EXPECT_EQ(scalars.size(), 5U);
  EXPECT_EQ(begun, (std::vector<unsigned>{2, 4, 8}));
}

TEST(JsonText, SequencesAreOneAfterTheOther) {
  std::string all;
  TreeBuilder builder(TreeBuilder::Lists::whole, [&all](const Value& root) {
    append_value(all, root);
    all += ' ';
  });

  EXPECT_FALSE(read_json_sequence("{\"a\":\"\\n\"}{} \n{\"b\":[2]}\n", builder));
  EXPECT_EQ(all, "{\"a\":\"\\n\"} {} {\"b\":[2]} ");

  const auto error = read_json_sequence("{}\n[]", builder);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->line, 2U);
  EXPECT_TRUE(read_json_sequence("{}\n{\"a\"", builder));
}

TEST(JsonText, LongTextsAreReadWhole) {
  const std::string plain(10'000'000, 'x');
  EXPECT_EQ(text_of("\"" + plain + "\""), plain);
  EXPECT_EQ(text_of("\"" + plain + "\\u0041\""), plain + "A");
}

}  // namespace
}  // namespace paddock::metadata
