// SPDX-License-Identifier: Apache-2.0
#include "runtime/pid_file.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace paddock::runtime {
namespace {

TEST(PidFile, IsThereWhileTheProcessIs) {
  const test::TempFolder folder;
  const auto path = folder.write("kennel.pid", "77\n");  // of one that was killed
  {
    const PidFile file(path);
    pid_t written = 0;
    std::ifstream(path) >> written;
    EXPECT_EQ(written, ::getpid());
  }

  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(PidFile, OfASuccessorStays) {
  const test::TempFolder folder;
  const auto path = folder.file("kennel.pid");
  {
    const PidFile file(path);
    folder.write("kennel.pid", "77\n");
  }

  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(PidFile, ThatCannotBeWrittenIsNamed) {
  try {
    const PidFile file("/nowhere/kennel.pid");
    FAIL() << "there is no such folder";
  } catch (const std::runtime_error& refused) {
    EXPECT_NE(std::string(refused.what()).find("/nowhere/kennel.pid"), std::string::npos);
  }
}

}  // namespace
}  // namespace paddock::runtime
