// SPDX-License-Identifier: Apache-2.0
#include "paddock/arguments.hpp"

#include <gtest/gtest.h>

namespace paddock::cli {
namespace {

const Command& apply() { return *find_command("apply"); }

std::string refusal(const Command& command, const std::vector<std::string>& arguments) {
  try {
    (void)parse_arguments(command, arguments);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), exit_usage);
    return std::string(failure.what()) + " | " + failure.remedy();
  }
  return "";
}

TEST(Arguments, TakesFlagsInEveryForm) {
  const auto parsed = parse_arguments(apply(), {"-f", "a.yaml", "--output=json", "--dry-run"});

  EXPECT_EQ(parsed.value("file"), "a.yaml");
  EXPECT_EQ(parsed.value("output"), "json");
  EXPECT_TRUE(parsed.has("dry-run"));
}

TEST(Arguments, TakesAValueGluedToItsLetter) {
  EXPECT_EQ(parse_arguments(apply(), {"-fa.yaml"}).value("file"), "a.yaml");
}

TEST(Arguments, TakesADashAsStandardInput) {
  EXPECT_EQ(parse_arguments(apply(), {"-f", "-"}).value("file"), "-");
}

TEST(Arguments, TakesEverythingAfterTwoDashesAsWords) {
  const auto parsed = parse_arguments(*find_command("get"), {"--", "pod", "--odd"});

  EXPECT_EQ(parsed.words, (std::vector<std::string>{"pod", "--odd"}));
}

TEST(Arguments, NamesTheNearestFlag) {
  EXPECT_EQ(refusal(apply(), {"--fil", "x"}), "no such option: --fil | did you mean --file?");
}

TEST(Arguments, RefusesAFormatItCannotWrite) {
  EXPECT_NE(refusal(apply(), {"-o", "xml"}).find("allowed: table, json, yaml"), std::string::npos);
}

TEST(Arguments, RefusesAMissingValue) {
  EXPECT_NE(refusal(apply(), {"-f"}).find("-f needs FILE"), std::string::npos);
}

TEST(Arguments, RefusesTooFewAndTooManyWords) {
  EXPECT_NE(refusal(*find_command("get"), {}).find("usage: paddock get KIND"), std::string::npos);
  EXPECT_NE(refusal(*find_command("status"), {"now"}).find("too much: now"), std::string::npos);
}

TEST(Help, EveryCommandHasASummaryAnExampleAndAWayToRun) {
  for (const auto& command : commands()) {
    EXPECT_FALSE(command.summary.empty()) << command.name;
    EXPECT_NE(command.examples.find("paddock " + std::string(command.name)), std::string::npos)
        << command.name;
    EXPECT_NE(command.run, nullptr) << command.name;
    EXPECT_NE(help_of_all().find(command.summary), std::string::npos) << command.name;
  }
}

}  // namespace
}  // namespace paddock::cli
