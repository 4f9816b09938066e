// SPDX-License-Identifier: Apache-2.0
#include "runtime/log.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace paddock::runtime::log {
namespace {

TEST(Log, LogfmtQuotesOnlyWhatNeedsIt) {
  const auto line =
      format_line(Format::logfmt, Level::info, "", "pod attached",
                  {{"pod", "shop/web-1"}, {"ms", 3}, {"why", "a \"b\"\n"}, {"e", ""}});

  EXPECT_EQ(line, R"(level=info msg="pod attached" pod=shop/web-1 ms=3 why="a \"b\"\n" e="")");
}

TEST(Log, LogfmtShowsControlBytesInsteadOfSendingThem) {
  EXPECT_EQ(format_line(Format::logfmt, Level::error, "", "x", {{"name", "a\x1b[31m"}}),
            "level=error msg=x name=\"a\\x1b[31m\"");
}

TEST(Log, JsonIsOneObjectWithTypedFields) {
  const auto line = format_line(Format::json, Level::warning, "2026-01-02T03:04:05.678Z", "slow",
                                {{"ms", 12.5}, {"cached", false}, {"bytes", "\xff"}});

  const auto parsed = nlohmann::json::parse(line);
  EXPECT_EQ(parsed.at("time"), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(parsed.at("level"), "warning");
  EXPECT_EQ(parsed.at("ms"), 12.5);
  EXPECT_EQ(parsed.at("cached"), false);
  EXPECT_EQ(parsed.at("bytes"), "\xEF\xBF\xBD");
}

TEST(Log, TextReadsAsASentence) {
  EXPECT_EQ(format_line(Format::text, Level::warning, "", "source lost", {{"retry_s", 5}}),
            "warning: source lost  retry_s=5");
}

}  // namespace
}  // namespace paddock::runtime::log
