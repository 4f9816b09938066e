// SPDX-License-Identifier: Apache-2.0
#include "coredns/corefile.hpp"

#include <gtest/gtest.h>

namespace paddock::coredns {
namespace {

using Words = std::vector<std::string>;

dns::Result<Corefile> parse(const std::string& text) {
  return parse_corefile({"Corefile", text},
                        {.files = [](const std::string& pattern) -> std::vector<Text> {
                           if (pattern == "more/*")
                             return {{"more/a", "log\ncache 30 {\n keepttl\n}"}};
                           if (pattern == "self") return {{"self", "import self"}};
                           return {};
                         },
                         .variable = [](const std::string& name) -> std::optional<std::string> {
                           if (name == "ZONE") return "example.org";
                           return std::nullopt;
                         }});
}
std::string problem_of(const std::string& text) {
  const auto parsed = parse(text);
  return parsed ? "" : parsed.error().text;
}

TEST(Corefile, IsServersPluginsAndOptions) {
  const auto parsed = parse(
      "# head\n"
      "example.org:53, a.example,\n"
      "b.example { # here\n"
      "  forward . 10.0.0.1 {\n"
      "    force_tcp\n"
      "  }\n"
      "}\n"
      ". {\n"
      "  nsid \"two words \\\" and a quote\"\n"
      "}\n");

  ASSERT_TRUE(parsed) << parsed.error().text;
  ASSERT_EQ(parsed->blocks.size(), 2U);
  const auto& first = parsed->blocks[0];
  EXPECT_EQ(first.keys, (Words{"example.org:53", "a.example", "b.example"}));
  EXPECT_EQ(first.plugins[0].words, (Words{"forward", ".", "10.0.0.1"}));
  EXPECT_EQ(format(first.plugins[0].place), "Corefile:4");
  EXPECT_EQ(first.plugins[0].block[0].words, Words{"force_tcp"});
  EXPECT_EQ(parsed->blocks[1].plugins[0].words, (Words{"nsid", "two words \" and a quote"}));
}

TEST(Corefile, OfOneServerNeedsNoBraces) {
  const auto parsed = parse(".:53\nwhoami\nlog\n");

  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->blocks[0].plugins.size(), 2U);
}

TEST(Corefile, PutsInSnippetsFilesAndVariables) {
  const auto parsed = parse(
      "(usual) {\n  errors\n  loop\n}\n"
      "{$ZONE}:5353 {\n  import usual\n  import more/*\n  import none/*\n}\n");

  ASSERT_TRUE(parsed) << parsed.error().text;
  const auto& server = parsed->blocks.at(0);
  EXPECT_EQ(server.keys, Words{"example.org:5353"});
  ASSERT_EQ(server.plugins.size(), 4U);
  EXPECT_EQ(format(server.plugins[1].place), "Corefile:3");
  EXPECT_EQ(format(server.plugins[3].place), "more/a:2");
  ASSERT_EQ(parsed->missing.size(), 1U);
  EXPECT_EQ(parsed->missing[0].words[1], "none/*");
}

TEST(Corefile, SaysWhereItIsWrong) {
  EXPECT_EQ(problem_of(". {\n  log\n"), "Corefile:1: a { without its }");
  EXPECT_EQ(problem_of("}\n"), "Corefile:1: a } without its {");
  EXPECT_EQ(problem_of(". {\n  log }\n"), "Corefile:2: a } must begin its line");
  EXPECT_EQ(problem_of(". {\n  log { class error\n}\n}"),
            "Corefile:2: a { must be the last word of its line");
  EXPECT_EQ(problem_of("{\n}\n"), "Corefile:1: a block without the zone it is for");
  EXPECT_EQ(problem_of(". {\n  nsid \"never\n"), "Corefile:2: a quoted word without its end");
  EXPECT_NE(problem_of(". {\n  forward . {$DNS}\n}").find("Corefile:2: the variable DNS"),
            std::string::npos);
}

TEST(Corefile, EndsWhereItWouldGrowForEver) {
  std::string text = "(a0) {\n log\n log\n}\n";
  for (int i = 1; i < 40; ++i) {
    const auto before = "  import a" + std::to_string(i - 1) + "\n";
    text += "(a" + std::to_string(i) + ") {\n" + before + before + "}\n";
  }

  EXPECT_NE(problem_of(text).find("more than 20,000 lines"), std::string::npos);
  EXPECT_NE(problem_of("import self").find("nested too deeply"), std::string::npos);
  EXPECT_NE(problem_of(". {\n" +
                       [] {
                         std::string deep;
                         for (int i = 0; i < 30; ++i) deep += "a {\n";
                         return deep;
                       }())
                .find("nested too deeply"),
            std::string::npos);
}

}  // namespace
}  // namespace paddock::coredns
