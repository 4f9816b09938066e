// SPDX-License-Identifier: Apache-2.0
#include "paddock/status_report.hpp"

#include <gtest/gtest.h>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

DaemonAnswer ready(const std::string& daemon) {
  return {daemon, "127.0.0.1:1",
          ordered_json{{"daemon", daemon},
                       {"ready", true},
                       {"summary", "at work"},
                       {"uptime_seconds", 300},
                       {"problems", ordered_json::array()}}};
}

DaemonAnswer with_problem(DaemonAnswer answer, const std::string& severity) {
  answer.status->at("problems")
      .push_back({{"severity", severity},
                  {"text", "no upstream answers"},
                  {"remedy", "check resolv.conf"}});
  return answer;
}

TEST(StatusReport, IsWellWhenAllAreReady) {
  const auto report = status_report({ready("metadatad"), ready("dnsd"), ready("netd")});

  EXPECT_TRUE(report.at("well"));
  EXPECT_TRUE(status_text(report).starts_with("Paddock is well.\n"));
  EXPECT_NE(status_text(report).find("dnsd       ready  5 min  at work"), std::string::npos)
      << status_text(report);
}

TEST(StatusReport, StaysWellWithWarningsButShowsThem) {
  const auto report = status_report({ready("metadatad"), with_problem(ready("dnsd"), "warning")});

  EXPECT_TRUE(report.at("well"));
  EXPECT_TRUE(status_text(report).starts_with("Paddock works, with 1 warning."));
  EXPECT_NE(status_text(report).find("! dnsd: no upstream answers\n  → check resolv.conf\n"),
            std::string::npos);
}

TEST(StatusReport, IsNotWellWithAnError) {
  auto broken = with_problem(ready("dnsd"), "error");
  broken.status->at("ready") = false;

  const auto report = status_report({ready("metadatad"), broken});

  EXPECT_FALSE(report.at("well"));
  EXPECT_EQ(report.at("daemons").at(1).at("state"), "not ready");
  EXPECT_EQ(report.at("problems").size(), 1U);
}

TEST(StatusReport, DoesNotTakeForDownWhomItCannotAsk) {
  const auto report = status_report({ready("metadatad"), {"dnsd", "none", std::nullopt}});

  EXPECT_TRUE(report.at("well"));
  EXPECT_EQ(report.at("daemons").at(1).at("state"), "not known");
  EXPECT_EQ(report.at("problems").at(0).at("severity"), "warning");
  EXPECT_NE(status_text(report).find("dnsd       not known  -      has no admin address"),
            std::string::npos)
      << status_text(report);
}

TEST(StatusReport, NamesADaemonThatIsNotReadyWithoutAReason) {
  auto silent = ready("netd");
  silent.status->at("ready") = false;

  EXPECT_FALSE(status_report({silent}).at("well"));
}

TEST(StatusReport, SaysWhichDaemonIsDownAndWhatToDo) {
  const auto text = status_text(
      status_report({ready("metadatad"), {"dnsd", "127.0.0.1:9762", std::nullopt}, ready("netd")}));

  EXPECT_TRUE(text.starts_with("Paddock is not well: 1 problem."));
  EXPECT_NE(text.find("does not answer at 127.0.0.1:9762"), std::string::npos);
  EXPECT_NE(text.find("systemctl start paddock-dnsd"), std::string::npos);
}

}  // namespace
}  // namespace paddock::cli
