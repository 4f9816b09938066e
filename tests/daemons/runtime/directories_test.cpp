// SPDX-License-Identifier: Apache-2.0
#include "runtime/directories.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
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
  EXPECT_EQ(FolderLock::holder(folder.path())->pid, ::getpid());
}

// A holder in another container may have any pid, this process's too.
TEST(FolderLock, KnowsWhetherItsHolderCanBeSentSignals) {
  const test::TempFolder folder;
  const FolderLock lock(folder.path());
  struct stat space {};
  ASSERT_EQ(::stat("/proc/self/ns/pid", &space), 0);
  const auto is_near = [&](pid_t pid, ino_t pid_namespace) {
    folder.write("lock", std::to_string(pid) + "\n" + std::to_string(pid_namespace) + "\n");
    return FolderLock::holder(folder.path())->is_near;
  };

  EXPECT_TRUE(is_near(::getppid(), space.st_ino));
  EXPECT_FALSE(is_near(::getppid(), space.st_ino + 1));
  EXPECT_FALSE(is_near(::getpid(), space.st_ino));
}

TEST(FolderLock, IsFreeAgainAfterItsHolder) {
  const test::TempFolder folder;
  { const FolderLock lock(folder.path()); }

  EXPECT_FALSE(FolderLock::holder(folder.path()));
  EXPECT_NO_THROW(FolderLock{folder.path()});
}

}  // namespace
}  // namespace paddock::runtime
