// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

namespace paddock::runtime {
namespace {

using namespace std::chrono_literals;

TEST(Lifecycle, NudgesCoalesce) {
  Lifecycle life;
  life.nudge();
  life.nudge();

  EXPECT_EQ(life.wait(10s), Wake::nudge);
  EXPECT_EQ(life.wait(0ms), Wake::tick);
}

TEST(Lifecycle, HangupIsReload) {
  Lifecycle life;
  ::kill(::getpid(), SIGHUP);

  EXPECT_EQ(life.wait(10s), Wake::reload);
}

TEST(Lifecycle, StopIsForEver) {
  Lifecycle life;
  ::kill(::getpid(), SIGTERM);

  EXPECT_EQ(life.wait(10s), Wake::stop);
  life.nudge();
  EXPECT_EQ(life.wait(10s), Wake::stop);
}

TEST(Lifecycle, StopFromInsideEndsTheWait) {
  Lifecycle life;
  life.stop();

  EXPECT_EQ(life.wait(10s), Wake::stop);
}

TEST(Lifecycle, TellsTheServiceManager) {
  const test::TempFolder folder;
  const auto path = (folder.path() / "notify").string();
  const int manager = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(manager, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  const auto heard = [manager] {
    std::array<char, 256> text{};
    const auto size = ::recv(manager, text.data(), text.size(), 0);
    return std::string(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  };
  Lifecycle life;

  life.ready("serving");
  EXPECT_EQ(heard(), "READY=1\nSTATUS=serving");
  ::kill(::getpid(), SIGHUP);
  EXPECT_EQ(life.wait(10s), Wake::reload);
  EXPECT_TRUE(heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  life.stop();
  EXPECT_EQ(life.wait(10s), Wake::stop);
  EXPECT_EQ(heard(), "STOPPING=1");
  ::unsetenv("NOTIFY_SOCKET");
  ::close(manager);
}

}  // namespace
}  // namespace paddock::runtime
