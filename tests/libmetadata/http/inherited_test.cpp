// SPDX-License-Identifier: Apache-2.0
//
// One server after another on the same sockets.
#include "libmetadata/http/socket_client.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/http_server.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace paddock::metadata {
namespace {

using testing::SocketClient;

class InheritedSocketsTest : public ::testing::Test {
 protected:
  std::unique_ptr<HttpServer> serve(const std::string& text,
                                    InheritedSockets* inherited = nullptr) {
    HttpOptions options;
    options.tcp = {at_};
    options.unix_sockets = {{.path = path(), .mode = 0600, .group = {}}};
    options.hands_sockets_on = true;
    options.inherited = inherited;
    auto server = std::make_unique<HttpServer>(std::move(options), [text](const Request&) {
      return Response{.content_type = "text/plain", .body = text, .close = true};
    });
    at_ = server->tcp_endpoints().front();
    return server;
  }
  // Copies of its sockets, as a service manager has them, once it is over.
  static std::vector<int> outlived(std::unique_ptr<HttpServer> server) {
    std::vector<int> copies;
    for (const int socket : server->sockets()) copies.push_back(::dup(socket));
    server->start();
    server->stop(std::chrono::seconds(1));
    return copies;
  }
  [[nodiscard]] std::string path() const { return folder_.file("s"); }

  test::TempFolder folder_;
  TcpEndpoint at_{boost::asio::ip::make_address("127.0.0.1"), 0};
};

TEST_F(InheritedSocketsTest, ClientsThatCameInBetweenAreAnsweredByTheNextServer) {
  InheritedSockets inherited(outlived(serve("before")));
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  auto over_tcp = SocketClient::to(at_);
  auto over_unix = SocketClient::to(path());
  over_tcp.send(request);
  over_unix.send(request);

  const auto next = serve("after", &inherited);
  next->start();

  EXPECT_TRUE(over_tcp.read_until("after").ends_with("after"));
  EXPECT_TRUE(over_unix.read_until("after").ends_with("after"));
}

TEST_F(InheritedSocketsTest, WhatIsBoundElsewhereIsLeftAndClosed) {
  const auto copies = outlived(serve("before"));
  {
    InheritedSockets inherited(copies);
    EXPECT_EQ(inherited.take(TcpEndpoint{boost::asio::ip::make_address("127.0.0.2"), at_.port}),
              -1);
    EXPECT_EQ(inherited.take(UnixEndpoint{.path = path() + "2", .mode = 0600, .group = {}}), -1);
    EXPECT_EQ(inherited.take(at_), copies.front());
    EXPECT_EQ(inherited.take(at_), -1) << "it is taken";
  }

  EXPECT_NE(::fcntl(copies.front(), F_GETFD), -1);
  EXPECT_EQ(::fcntl(copies.back(), F_GETFD), -1);
  ::close(copies.front());
}

TEST_F(InheritedSocketsTest, AUnixSocketWithoutItsFileIsMadeAnew) {
  InheritedSockets inherited(outlived(serve("before")));
  std::filesystem::remove(path());

  const auto next = serve("after", &inherited);
  next->start();
  auto client = SocketClient::to(path());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

  EXPECT_TRUE(client.read_until("after").ends_with("after"));
}

}  // namespace
}  // namespace paddock::metadata
