// SPDX-License-Identifier: Apache-2.0
#include "paddock/process.hpp"

#include "paddock/command.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

namespace paddock::cli {
namespace {

using namespace std::chrono_literals;

TEST(Process, IsFoundByItsRecordWhileItRuns) {
  const test::TempFolder folder;
  const auto process = start("/bin/sleep", {"60"}, folder.path() / "log");
  process.record(folder.path(), "dnsd");

  const auto found = Process::recorded(folder.path(), "dnsd");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pid(), process.pid());
  EXPECT_EQ(found->executable().filename(), std::filesystem::canonical("/bin/sleep").filename());

  process.signal(SIGTERM);
  EXPECT_TRUE(process.wait_for_end(10s));
  EXPECT_FALSE(Process::recorded(folder.path(), "dnsd"));
}

TEST(Process, IsNotMistakenForAnotherWithItsPid) {
  const test::TempFolder folder;
  (void)folder.write("dnsd.pid", std::to_string(::getpid()) + " 1\n");

  EXPECT_FALSE(Process::recorded(folder.path(), "dnsd"));
}

TEST(Process, SignalToAnEndedOneIsFine) {
  const auto process = start("/bin/true", {}, "");
  ASSERT_TRUE(process.wait_for_end(10s));

  EXPECT_NO_THROW(process.signal(SIGTERM));
}

TEST(RunToEnd, GivesStatusAndOutput) {
  std::string output;

  EXPECT_EQ(run_to_end("/bin/sh", {"-c", "echo out; echo err >&2; exit 7"}, output), 7);
  EXPECT_EQ(output, "out\nerr\n");
}

TEST(Start, SaysWhyAProgramCannotBeStarted) {
  try {
    (void)start("/nonexistent/paddock-dnsd", {}, "");
    FAIL() << "there is no such program";
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find("No such file"), std::string::npos);
  }
}

}  // namespace
}  // namespace paddock::cli
