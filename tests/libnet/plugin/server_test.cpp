// SPDX-License-Identifier: Apache-2.0
#include "support/temp_folder.hpp"

#include <paddock/net/plugin_server.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>

namespace paddock::net {
namespace {

namespace fs = std::filesystem;

class PluginServerTest : public testing::Test {
 protected:
  PluginServerOptions options(std::function<PluginAnswer(const PluginCall&)> answer) {
    PluginServerOptions wanted;
    wanted.socket = folder_.path() / "net.sock";
    wanted.threads = 2;
    wanted.answer = std::move(answer);
    // Not among initializers: gcc 12 captures another `this` there.
    wanted.refused = [this](const std::string&) { ++refused_; };
    return wanted;
  }

  int connect() const {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (folder_.path() / "net.sock").native().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
      return socket;
    ::close(socket);
    return -1;
  }

  // Says these bytes to the server, if only to its socket so far.
  int ask(const std::string& bytes) const {
    const int socket = connect();
    EXPECT_EQ(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    ::shutdown(socket, SHUT_WR);
    return socket;
  }
  // Everything the server says to that.
  static std::string answer_at(int socket) {
    std::string answer;
    char part[256];
    for (ssize_t got; (got = ::recv(socket, part, sizeof part, 0)) > 0;)
      answer.append(part, static_cast<std::size_t>(got));
    ::close(socket);
    return answer;
  }
  std::string exchange(const std::string& bytes) const { return answer_at(ask(bytes)); }

  test::TempFolder folder_;
  std::atomic<int> refused_{0};
};

const std::string call =
    "PADDOCK1" + std::string{0, 0, 0, 4, 0, 0, 0, 2} + "A=b" + std::string(1, '\0') + "{}";

TEST_F(PluginServerTest, CarriesACallAndItsAnswer) {
  PluginServer server(options([](const PluginCall& asked) {
    EXPECT_EQ(asked.environment, (cni::Environment{{"A", "b"}}));
    EXPECT_EQ(asked.input, "{}");
    EXPECT_FALSE(asked.pod);
    return PluginAnswer{3, "hello"};
  }));
  server.start();

  const std::string status_and_length{0, 0, 0, 3, 0, 0, 0, 5};
  EXPECT_EQ(exchange(call), "PADDOCK1" + status_and_length + "hello");
}

TEST_F(PluginServerTest, SocketIsForItsOwnerOnly) {
  const PluginServer server(options({}));

  struct stat status {};
  ASSERT_EQ(::stat((folder_.path() / "net.sock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(PluginServerTest, WhatIsNoCallIsRefusedAndTheNextIsAnswered) {
  PluginServer server(options([](const PluginCall&) { return PluginAnswer{0, "ok"}; }));
  server.start();

  EXPECT_EQ(exchange("GET / HTTP/1.1\r\n\r\n"), "");
  EXPECT_EQ(exchange("PADDOCK1"), "");
  EXPECT_EQ(exchange("PADDOCK1" + std::string(8, '\x7f')), "");  // announces 2 GiB
  EXPECT_EQ(exchange(call.substr(0, call.size() - 1)), "");

  EXPECT_EQ(exchange(call).substr(16), "ok");
  EXPECT_EQ(refused_, 4);
}

TEST_F(PluginServerTest, WhoLeavesWithoutACallIsNotReported) {
  PluginServer server(options([](const PluginCall&) { return PluginAnswer{0, "ok"}; }));
  server.start();

  EXPECT_EQ(exchange(""), "");

  EXPECT_EQ(exchange(call).substr(16), "ok");
  EXPECT_EQ(refused_, 0);
}

TEST_F(PluginServerTest, CallsBeforeStartWaitForIt) {
  PluginServer server(options([](const PluginCall&) { return PluginAnswer{0, "ok"}; }));
  const int early = ask(call);

  server.start();

  EXPECT_EQ(answer_at(early).substr(16), "ok");
}

TEST_F(PluginServerTest, SecondServerIsRefusedWhileTheFirstServes) {
  auto first = std::make_unique<PluginServer>(options({}));
  EXPECT_THROW(PluginServer(options({})), std::runtime_error);

  first.reset();
  EXPECT_FALSE(fs::exists(folder_.path() / "net.sock"));
  EXPECT_NO_THROW(PluginServer(options({})));
}

TEST_F(PluginServerTest, TakesThePlaceOfASocketNobodyServes) {
  {
    // A killed server leaves its socket behind.
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (folder_.path() / "net.sock").native().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(socket);
  }

  PluginServer server(options([](const PluginCall&) { return PluginAnswer{0, "ok"}; }));
  server.start();

  EXPECT_EQ(exchange(call).substr(16), "ok");
}

TEST_F(PluginServerTest, GoesOnWithTheCallsThatWaitInTheSocketOfTheOneBefore) {
  auto wanted = options({});
  wanted.hands_socket_on = true;
  auto before = std::make_unique<PluginServer>(std::move(wanted));
  const int kept = ::dup(before->descriptor());
  const int other = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  before.reset();
  const int early = ask(call);

  wanted = options([](const PluginCall&) { return PluginAnswer{0, "ok"}; });
  wanted.inherited = {other, kept};
  PluginServer server(std::move(wanted));
  server.start();

  EXPECT_EQ(server.descriptor(), kept);
  EXPECT_EQ(::fcntl(other, F_GETFD), -1);
  EXPECT_EQ(answer_at(early).substr(16), "ok");
}

TEST_F(PluginServerTest, ASocketWhoseFileIsGoneIsNotInherited) {
  auto wanted = options({});
  wanted.hands_socket_on = true;
  auto before = std::make_unique<PluginServer>(std::move(wanted));
  const int kept = ::dup(before->descriptor());
  before.reset();
  fs::remove(folder_.path() / "net.sock");

  wanted = options([](const PluginCall&) { return PluginAnswer{0, "ok"}; });
  wanted.inherited = {kept};
  PluginServer server(std::move(wanted));
  server.start();

  EXPECT_EQ(exchange(call).substr(16), "ok");
}

}  // namespace
}  // namespace paddock::net
