// SPDX-License-Identifier: Apache-2.0
#include "runtime/takeover.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>

namespace paddock::runtime {
namespace {

using Place = FolderLock::Place;

// Another process that has a place, until it is let go.
class Other {
 public:
  Other(const std::filesystem::path& folder, Place place) {
    std::array<int, 2> taken{};
    std::array<int, 2> let_go{};
    if (::pipe(taken.data()) != 0 || ::pipe(let_go.data()) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(let_go[1]);
      const auto lock = FolderLock::take_if_free(folder, place);
      char byte = lock ? 'y' : 'n';
      (void)!::write(taken[1], &byte, 1);
      (void)!::read(let_go[0], &byte, 1);
      ::_exit(0);
    }
    ::close(taken[1]);
    ::close(let_go[0]);
    let_go_ = let_go[1];
    char byte = 'n';
    EXPECT_EQ(::read(taken[0], &byte, 1), 1);
    EXPECT_EQ(byte, 'y');
    ::close(taken[0]);
  }
  ~Other() {
    ::close(let_go_);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  int let_go_ = -1;
};

TEST(FindPredecessor, IsWhoHoldsTheFolderWhereHeIsToBeReplaced) {
  const test::TempFolder folder;
  EXPECT_FALSE(find_predecessor(true, folder.path()));
  const Other holder(folder.path(), Place::holder);

  const auto found = find_predecessor(true, folder.path());

  ASSERT_TRUE(found);
  EXPECT_EQ(found->pid, holder.pid());
  EXPECT_TRUE(found->is_near);
  EXPECT_FALSE(find_predecessor(false, folder.path()));
}

TEST(FindPredecessor, IsWhoServesAlreadyAndHasNotGotTheFolderYet) {
  const test::TempFolder folder;
  const Other next(folder.path(), Place::next);

  EXPECT_EQ(find_predecessor(true, folder.path())->pid, next.pid());
  const Other holder(folder.path(), Place::holder);
  EXPECT_EQ(find_predecessor(true, folder.path())->pid, next.pid());
}

TEST(Succession, HasThePlaceUntilItHasTheFolder) {
  const test::TempFolder folder;
  Succession succession(FolderLock::Holder{.pid = 1}, folder.path());
  ASSERT_TRUE(FolderLock::holder(folder.path(), Place::next)->is_self);
  EXPECT_FALSE(find_predecessor(true, folder.path())) << "nobody comes after himself";

  const FolderLock lock(folder.path());
  succession.tend();

  EXPECT_FALSE(FolderLock::holder(folder.path(), Place::next));
  EXPECT_TRUE(FolderLock::holder(folder.path())->is_self);
}

TEST(Succession, WaitsForAPlaceThatIsTaken) {
  const test::TempFolder folder;
  std::optional<Succession> succession;
  {
    const Other first(folder.path(), Place::next);
    succession.emplace(find_predecessor(true, folder.path()), folder.path());
    EXPECT_EQ(FolderLock::holder(folder.path(), Place::next)->pid, first.pid());
  }

  succession->tend();

  EXPECT_TRUE(FolderLock::holder(folder.path(), Place::next)->is_self);
}

TEST(Succession, IsNoneWithoutAPredecessor) {
  const test::TempFolder folder;

  Succession succession(std::nullopt, folder.path());
  succession.tend();

  EXPECT_FALSE(FolderLock::holder(folder.path(), Place::next));
}

}  // namespace
}  // namespace paddock::runtime
