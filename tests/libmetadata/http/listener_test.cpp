// SPDX-License-Identifier: Apache-2.0
#include "http/listener.hpp"

#include "libmetadata/http/socket_client.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <stdexcept>

namespace paddock::metadata::http {
namespace {

// What the constructor throws, or "".
std::string refusal_of(const UnixEndpoint& endpoint) {
  try {
    (void)Listener::open(endpoint);
  } catch (const std::runtime_error& failure) {
    return failure.what();
  }
  return {};
}

TEST(Listener, BindsAnAddressTheHostDoesNotHave) {
  const auto listener =
      Listener::open(TcpEndpoint{boost::asio::ip::make_address("192.0.2.1"), 0}, false);

  EXPECT_EQ(listener.bound().address.to_string(), "192.0.2.1");
  EXPECT_NE(listener.bound().port, 0);
}

TEST(Listener, SaysWhichAddressIsTaken) {
  const auto first =
      Listener::open(TcpEndpoint{boost::asio::ip::make_address("127.0.0.1"), 0}, false);

  try {
    (void)Listener::open(first.bound(), false);
    FAIL() << "the port is taken";
  } catch (const std::runtime_error& failure) {
    EXPECT_NE(std::string(failure.what()).find("127.0.0.1:"), std::string::npos);
  }
}

TEST(Listener, UnixSocketHasItsModeAndGoesWithTheListener) {
  const test::TempFolder directory;
  const std::string path = directory.file("s");
  struct stat status {};

  {
    const auto listener = Listener::open(UnixEndpoint{.path = path, .mode = 0600, .group = {}});
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
  }
  EXPECT_NE(::stat(path.c_str(), &status), 0);
}

TEST(Listener, ReplacesTheSocketOfADeadProcess) {
  const test::TempFolder directory;
  const std::string path = directory.file("s");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto listener = Listener::open(UnixEndpoint{.path = path, .mode = 0600, .group = {}});
    ::_exit(0);  // without removing it
  }
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(std::filesystem::exists(path));

  const auto listener = Listener::open(UnixEndpoint{.path = path, .mode = 0600, .group = {}});

  EXPECT_TRUE(testing::SocketClient::to(path).is_connected());
}

TEST(Listener, RefusesTheSocketOfALivingProcess) {
  const test::TempFolder directory;
  const UnixEndpoint endpoint{.path = directory.file("s"), .mode = 0600, .group = {}};
  const auto listener = Listener::open(endpoint);

  EXPECT_NE(refusal_of(endpoint).find("process " + std::to_string(::getpid())), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(endpoint.path));
}

TEST(Listener, RefusesAFileThatIsNoSocket) {
  const test::TempFolder directory;
  const std::string path = directory.file("s");
  std::ofstream(path) << "precious";

  EXPECT_NE(refusal_of({.path = path, .mode = 0600, .group = {}}).find("no socket"),
            std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(Listener, RefusesAPathThatIsTooLong) {
  EXPECT_NE(
      refusal_of({.path = "/" + std::string(200, 'a'), .mode = 0600, .group = {}}).find("107"),
      std::string::npos);
}

}  // namespace
}  // namespace paddock::metadata::http
