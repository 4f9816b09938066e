// SPDX-License-Identifier: Apache-2.0
#include "answers/answers.hpp"
#include "documents/render.hpp"
#include "libmetadata/answers/packed.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace paddock::metadata {
namespace {

using nlohmann::json;
using testing::data_file;

class LoadAnswers : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const { folder.write(name, text); }
  [[nodiscard]] AnswersReading load(const Answers* before = nullptr) const {
    auto reading = load_answers(folder.path() / "answers.json", before);
    EXPECT_TRUE(reading) << reading.error().text;
    return reading ? *reading : AnswersReading{};
  }
  static json environments(const AnswersReading& reading) {
    const auto root = reading.answers->root("2016-07-29", "10.42.0.9");
    return json::parse(documents::render_json(*documents::find(*root, {"environments"})));
  }

  test::TempFolder folder;
  const std::string here = R"({"metadata_kind":"environment","name":"here","uuid":"e1"}
      {"metadata_kind":"credential","url":"http://x","public_value":"KEY2","secret_value":"s2"}
      {"metadata_kind":"credential","url":"http://y","public_value":"KEY1","secret_value":"s1"})";
};

TEST_F(LoadAnswers, ShowsTheEnvironmentsOfOtherRegions) {
  write("answers.json", data_file(here));
  write("answers.json_KEY1", data_file(R"({"metadata_kind":"environment","name":"south"}
      {"metadata_kind":"service","uuid":"v","name":"Api","token":"t","stack_uuid":"s"})"));
  write("answers.json_KEY2", data_file(R"({"metadata_kind":"environment","name":"north"})"));

  const AnswersReading reading = load();

  EXPECT_TRUE(reading.problems.empty());
  const json shown = environments(reading);
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0]["name"], "north");
  EXPECT_EQ(shown[1]["name"], "south");
  EXPECT_EQ(shown[1]["services"][0]["name"], "api");
  EXPECT_EQ(shown[1]["services"][0]["token"], nullptr);
  EXPECT_EQ(shown.dump().find("s2"), std::string::npos);
}

TEST_F(LoadAnswers, KeepsARegionWhoseFileIsGone) {
  write("answers.json", data_file(here));
  write("answers.json_KEY1", data_file(R"({"metadata_kind":"environment","name":"south"})"));
  write("answers.json_KEY2", data_file(R"({"metadata_kind":"environment","name":"north"})"));
  const AnswersReading first = load();
  std::filesystem::remove(folder.path() / "answers.json_KEY1");
  write("answers.json_KEY2", "{\"Version\":\"1\",\"Data\":\"!\"}");

  const AnswersReading second = load(first.answers.get());

  EXPECT_EQ(environments(second).size(), 2U);
  ASSERT_EQ(second.problems.size(), 2U);
  EXPECT_NE(format(second.problems[0]).find("answers.json_KEY1: No such file"), std::string::npos)
      << format(second.problems[0]);
  EXPECT_NE(format(second.problems[1]).find("KEY2: Data: not base64"), std::string::npos);
  EXPECT_EQ(environments(load()).size(), 0U);
}

TEST_F(LoadAnswers, TheVersionStaysWhileARegionIsKept) {
  write("answers.json", data_file(here));
  write("answers.json_KEY1", data_file(R"({"metadata_kind":"environment","name":"south"})"));
  const AnswersReading first = load();
  std::filesystem::remove(folder.path() / "answers.json_KEY1");

  const AnswersReading second = load(first.answers.get());
  const AnswersReading third = load(second.answers.get());

  EXPECT_EQ(environments(third), environments(first));
  EXPECT_EQ(second.answers->stamp(), first.answers->stamp());
  EXPECT_EQ(third.answers->stamp(), first.answers->stamp());
}

TEST_F(LoadAnswers, AnotherVersionOfARegionIsAChange) {
  const auto load_with = [this](const std::string& version) {
    write("answers.json", data_file(here));
    write("answers.json_KEY1",
          data_file(R"({"metadata_kind":"defaultData","version":)" + version + "}"));
    return load();
  };

  const AnswersReading first = load_with("\"7\"");
  const AnswersReading second = load_with("\"8\"");

  EXPECT_EQ(environments(first)[0]["version"], "7");
  EXPECT_EQ(environments(second)[0]["version"], "8");
  EXPECT_NE(first.answers->stamp(), second.answers->stamp());
  EXPECT_EQ(load().answers->stamp(), second.answers->stamp());
}

TEST_F(LoadAnswers, AKeyNamesNoOtherFile) {
  write("answers.json", data_file(R"({"metadata_kind":"credential","public_value":"/../etc/x"})"));

  EXPECT_NE(format(load().problems.at(0)).find("no public_value"), std::string::npos);
}

TEST_F(LoadAnswers, SaysWhyAFileCannotBeRead) {
  EXPECT_NE(load_answers(folder.path() / "none").error().text.find("none: No such file"),
            std::string::npos);
  EXPECT_NE(load_answers(folder.path()).error().text.find("Is a directory"), std::string::npos);
  EXPECT_NE(load_answers("/dev/zero").error().text.find("Invalid argument"), std::string::npos);
}

TEST_F(LoadAnswers, ReadsALargeValue) {
  write("answers.json", "{\"v\":{\"default\":{\"big\":\"" + std::string(10U << 20U, 'x') + "\"}}}");

  const auto root = load().answers->root("v", "x");

  EXPECT_EQ(documents::render_text(*documents::find(*root, {"big"})).size(), 10U << 20U);
}

}  // namespace
}  // namespace paddock::metadata
