// SPDX-License-Identifier: Apache-2.0
#include "dnsd/answers_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace paddock::dnsd {
namespace {

using std::chrono::seconds;

dns::Name name(std::string_view text) { return dns::Name::parse(text).value(); }

AnswersFile parse(std::string_view text) {
  auto answers = parse_answers(text, "answers.yaml", seconds{600});
  EXPECT_TRUE(answers) << answers.error().text;
  return answers ? std::move(answers).value() : AnswersFile{};
}

std::string refusal(std::string_view text) {
  const auto answers = parse_answers(text, "answers.yaml", seconds{600});
  EXPECT_FALSE(answers) << text;
  return answers ? "" : answers.error().text;
}

TEST(AnswersFile, ReadsEverySectionAndKindOfRecord) {
  const auto answers = parse(R"(
default:
  search: [rancher.internal]
  recurse: [8.8.8.8, "8.8.4.4:5353", "2001:4860:4860::8888"]
  authoritative: [rancher.internal]
  a:
    web.stack.rancher.internal.: {answer: [10.42.0.1, "fd00::1"], ttl: 30}
  cname:
    out.stack.rancher.internal.: {answer: www.example.com.}
  ptr:
    10.42.0.1: {answer: web.stack.rancher.internal.}
    2.0.42.10.in-addr.arpa.: {answer: db.stack.rancher.internal.}
  txt:
    note.rancher.internal.: {answer: [one, two]}
"10.42.0.7":
  search: [stack.rancher.internal, rancher.internal]
  a: {db.: {answer: [10.42.0.9]}}
)");

  EXPECT_TRUE(answers.problems.empty());
  EXPECT_EQ(answers.authoritative, std::vector{name("rancher.internal")});
  EXPECT_EQ(answers.common.search, std::vector{name("rancher.internal")});
  ASSERT_EQ(answers.common.recurse.size(), 3U);
  EXPECT_EQ(answers.common.recurse[1].endpoint.port, 5353);
  ASSERT_EQ(answers.common.records.size(), 7U);
  EXPECT_EQ(answers.common.records[0].ttl, seconds{30});
  EXPECT_EQ(answers.common.records[1].type, dns::Type::aaaa);
  EXPECT_EQ(answers.common.records[2].ttl, seconds{600});
  EXPECT_EQ(answers.common.records[3].owner, name("1.0.42.10.in-addr.arpa"));
  ASSERT_EQ(answers.clients.size(), 1U);
  EXPECT_EQ(answers.clients[0].client, "10.42.0.7");
  EXPECT_EQ(answers.clients[0].search.size(), 2U);
  EXPECT_EQ(answers.clients[0].records.at(0).owner, name("db"));
}

TEST(AnswersFile, JsonWithSpareCommasIsReadToo) {
  const auto answers =
      parse("{\n\t\"default\": {\"a\": {\"web.\": {\"answer\": [\"10.0.0.1\",]},},},\n}");

  EXPECT_EQ(answers.common.records.size(), 1U);
}

TEST(AnswersFile, NothingIsAnEmptyFile) {
  for (const char* text : {"", "# a remark\n", "default:\n", "default: {a: , search: }\n"}) {
    EXPECT_TRUE(parse(text).common.records.empty()) << text;
  }
}

TEST(AnswersFile, NamesNeedNoFinalDotAndNoLowerCase) {
  const auto answers = parse("default: {cname: {Out: {answer: Www.Example.com}}}");

  ASSERT_EQ(answers.common.records.size(), 1U);
  EXPECT_EQ(answers.common.records[0],
            dns::cname_record(name("out"), name("www.example.com"), seconds{600}));
}

TEST(AnswersFile, LongTextsAreCutIntoStrings) {
  const auto answers = parse("default: {txt: {t.: {answer: [" + std::string(300, 'x') + "]}}}");

  ASSERT_EQ(answers.common.records.size(), 1U);
  EXPECT_EQ(answers.common.records[0].data.size(), 302U);
}

// One record that cannot be made says where, and spoils nothing else.
TEST(AnswersFile, WhatCannotBeARecordIsLeftOutByLine) {
  const auto answers = parse(R"(default:
  a:
    web.: {answer: [10.0.0.300, "", 10.0.0.1]}
    a..b.: {answer: [10.0.0.1]}
  cname:
    c.: {answer: "x..y"}
  recurse: [nonsense]
  seach: [x]
nobody:
  a: {x.: {answer: [10.0.0.1]}}
)");

  EXPECT_EQ(answers.common.records.size(), 1U);
  std::vector<std::string> places;
  for (const auto& problem : answers.problems) places.push_back(problem.subject);
  EXPECT_EQ(places, (std::vector<std::string>{"answers.yaml:3", "answers.yaml:3", "answers.yaml:4",
                                              "answers.yaml:6", "answers.yaml:7", "answers.yaml:8",
                                              "answers.yaml:9"}));
}

TEST(AnswersFile, ARecordOfAnotherShapeIsLeftOutByLine) {
  const auto answers = parse(R"(default:
  a:
    web.: {answer: [10.0.0.1]}
    none.: {ttl: 3}
    nothing.:
    late.: {answer: [10.0.0.1], ttl: -1}
    map.: {answer: {x: y}}
  cname:
    list.: {answer: [x.]}
)");

  EXPECT_EQ(answers.common.records.size(), 1U);
  std::vector<std::string> said;
  for (const auto& problem : answers.problems)
    said.push_back(problem.subject + ": " + problem.text);
  EXPECT_EQ(said,
            (std::vector<std::string>{
                "answers.yaml:4: none. has no answer", "answers.yaml:5: nothing. has no answer",
                "answers.yaml:6: ttl must be a number of seconds",
                "answers.yaml:7: answer must be a list", "answers.yaml:9: answer must be a text"}));
}

// As in an example of rancher-dns' README, which it did not understand itself.
TEST(AnswersFile, AnAnswerMayStandAlone) {
  const auto answers = parse(R"({"default": {
    "a": {"one.": "10.0.0.1", "two.": ["10.0.0.1", "10.0.0.2"], "three.": {"answer": "10.0.0.3"}},
    "cname": {"website.": "www."},
    "txt": {"note.": "a text"}}})");

  EXPECT_TRUE(answers.problems.empty());
  EXPECT_EQ(answers.common.records.size(), 6U);
}

TEST(AnswersFile, AnotherShapeIsRefusedByFileAndLine) {
  EXPECT_EQ(refusal("- a\n- b\n"), "answers.yaml:1: the file must be a map of clients");
  EXPECT_EQ(refusal("default:\n  a: [x]\n"), "answers.yaml:2: a must be a map of names");
  EXPECT_EQ(refusal("default: [\n").substr(0, 13), "answers.yaml:");
  EXPECT_EQ(refusal("default:\n  a: {\n\n]\n").substr(0, 13), "answers.yaml:");
  EXPECT_NE(refusal("a: b: c").find("not YAML"), std::string::npos);
}

TEST(AnswersFile, WhatAClientLacksAtANameIsEverybodys) {
  const auto answers = parse(R"(default:
  a: {web.: {answer: [10.0.0.1, "fd00::1"]}, b.: {answer: [10.0.0.2]}, c.: {answer: [10.0.0.3]}}
  txt: {web.: {answer: [note]}, b.: {answer: [note]}}
  cname: {d.: {answer: x.}}
10.0.0.9:
  a: {web.: {answer: [10.0.0.9]}, d.: {answer: [10.0.0.9]}}
  cname: {b.: {answer: y.}}
)");

  const auto& records = answers.clients.at(0).records;
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[3].owner, name("web"));
  EXPECT_EQ(records[3].type, dns::Type::txt);
}

TEST(AnswersFile, RepetitionByAliasesIsBounded) {
  std::string text = "10.8.0.1: &b {a: {big.: {answer: [";
  for (int i = 0; i < 2000; ++i) text += "10.0.0.1,";
  text += "]}}}\n";
  for (int i = 0; i < 600; ++i) {
    text += "10.9." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ": *b\n";
  }

  EXPECT_NE(refusal(text).find("more than a million records"), std::string::npos);
}

TEST(AnswersFile, FolderIsNone) {
  const auto answers = read_answers("/etc", seconds{600});

  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().text, "/etc: cannot be read: Is a directory");
}

}  // namespace
}  // namespace paddock::dnsd
