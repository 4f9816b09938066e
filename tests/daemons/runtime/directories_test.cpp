// SPDX-License-Identifier: Apache-2.0
#include "runtime/directories.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace paddock::runtime {
namespace {

TEST(MakeDirectory, MakesParentsAndIsContentWithAnExistingOne) {
  const test::TempFolder folder;

  make_directory(folder.path() / "a" / "b", 0750);
  make_directory(folder.path() / "a" / "b", 0750);

  EXPECT_TRUE(std::filesystem::is_directory(folder.path() / "a" / "b"));
}

TEST(MakeDirectory, NamesTheFileThatIsInTheWay) {
  const test::TempFolder folder;
  const auto file = folder.write("taken", "");

  try {
    make_directory(file);
    FAIL() << "a file is no folder";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find(file), std::string::npos);
  }
}

TEST(FolderLock, RefusesASecondHolderByPid) {
  const test::TempFolder folder;
  const FolderLock first(folder.path());

  try {
    const FolderLock second(folder.path());
    FAIL() << "the folder is locked";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("process " + std::to_string(::getpid())),
              std::string::npos);
  }
  EXPECT_EQ(FolderLock::holder(folder.path()), ::getpid());
}

TEST(FolderLock, IsFreeAgainAfterItsHolder) {
  const test::TempFolder folder;
  { const FolderLock lock(folder.path()); }

  EXPECT_EQ(FolderLock::holder(folder.path()), 0);
  EXPECT_NO_THROW(FolderLock{folder.path()});
}

}  // namespace
}  // namespace paddock::runtime
