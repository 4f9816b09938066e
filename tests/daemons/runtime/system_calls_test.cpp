// SPDX-License-Identifier: Apache-2.0
#include "runtime/system_calls.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace paddock::runtime {
namespace {

// Every exit status but 0 is the number of the line that was not as it should be. The process ends
// without leak detection, which wants to trace it.
#define EXPECT_HERE(claim) \
  if (!(claim)) ::_exit(__LINE__ & 0xff)

[[noreturn]] void live_with_the_filter() {
  EXPECT_HERE(refuse_other_system_calls().empty());

  EXPECT_HERE(::unshare(CLONE_NEWNS) == -1 && errno == EPERM);
  EXPECT_HERE(::mount("none", "/", nullptr, MS_REMOUNT | MS_BIND, nullptr) == -1 && errno == EPERM);
  EXPECT_HERE(::setuid(::getuid()) == -1 && errno == EPERM);
  EXPECT_HERE(::chroot("/") == -1 && errno == EPERM);
  EXPECT_HERE(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0);
  EXPECT_HERE(::open("/proc/self/status", O_RDONLY | O_CLOEXEC) >= 0);
  int refused = 0;
  std::thread([&] { refused = ::unshare(CLONE_NEWNS) == -1 ? errno : 0; }).join();
  EXPECT_HERE(refused == EPERM);
  ::_exit(0);
}

TEST(SystemCalls, OnlyWhatADaemonNeedsIsAllowed) {
  EXPECT_EXIT(live_with_the_filter(), testing::ExitedWithCode(0), "");
}

TEST(SystemCalls, AFilterInForceIsEnough) {
  EXPECT_EXIT(
      {
        EXPECT_HERE(refuse_other_system_calls().empty());
        EXPECT_HERE(refuse_other_system_calls().empty());
        ::_exit(0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace paddock::runtime
