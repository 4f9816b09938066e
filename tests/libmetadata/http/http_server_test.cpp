// SPDX-License-Identifier: Apache-2.0
#include "libmetadata/http/echo_server.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/client.hpp>

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <thread>

namespace paddock::metadata {
namespace {

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  Echo echo;
  auto client = echo.connect();

  client.send(get("/a/b"));
  const std::string first = client.read_response();
  client.send(get("/c"));
  const std::string second = client.read_response();

  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << first;
  EXPECT_NE(first.find("Content-Type: text/plain\r\n"), std::string::npos);
  EXPECT_TRUE(ends_with(first, "GET a b []"));
  EXPECT_TRUE(ends_with(second, "GET c []"));
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  Echo echo;
  std::string requests;
  for (int i = 0; i < 5000; ++i) requests += get("/" + std::to_string(i));

  auto client = echo.connect();
  auto sender = std::async(std::launch::async, [&] { client.send(requests); });

  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(ends_with(client.read_response(), "GET " + std::to_string(i) + " []")) << i;
  }
}

TEST(HttpServer, ReadsARequestThatComesByteByByte) {
  Echo echo;
  auto client = echo.connect();

  for (const char byte :
       "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + get("/y")) {
    client.send({&byte, 1});
  }

  EXPECT_TRUE(ends_with(client.read_response(), "PUT x [hello]"));
  EXPECT_TRUE(ends_with(client.read_response(), "GET y []"));
}

TEST(HttpServer, ReadsAChunkedBodyAndTheRequestBehindIt) {
  Echo echo;
  auto client = echo.connect();

  client.send(
      "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n");
  client.send("0\r\n\r\n" + get("/y"));

  EXPECT_TRUE(ends_with(client.read_response(), "PUT x [abcde]"));
  EXPECT_TRUE(ends_with(client.read_response(), "GET y []"));
}

TEST(HttpServer, SaysContinueBeforeTheBodyIsSent) {
  Echo echo;
  auto client = echo.connect();

  client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");

  EXPECT_TRUE(ends_with(client.read_response(), "PUT [ok]"));
}

TEST(HttpServer, RefusesALargeBodyBeforeItIsSent) {
  Echo echo;
  auto client = echo.connect();

  client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\nExpect: 100-continue\r\n\r\n");

  EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 413 "));
}

TEST(HttpServer, ABodyThatIsRefusedDoesNotTakeTheAnswerWithIt) {
  Echo echo;
  auto client = echo.connect();

  client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n");
  client.send(std::string(70000, 'x'));

  const std::string response = client.read_response();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 413 Content Too Large\r\n"));
  EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(client.is_closed());
}

TEST(HttpServer, HeadHasTheLengthButNoBody) {
  Echo echo;

  const std::string response = echo.exchange("HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\n");

  EXPECT_NE(response.find("Content-Length: 11\r\n"), std::string::npos);
  EXPECT_TRUE(ends_with(response, "\r\n\r\n"));
}

TEST(HttpServer, AnswersAPeerThatHasEndedSending) {
  Echo echo;

  EXPECT_TRUE(ends_with(echo.exchange(get("/a") + get("/b")), "GET b []"));
}

TEST(HttpServer, ClosesAfterAnHttp10Request) {
  Echo echo;
  auto client = echo.connect();

  client.send("GET / HTTP/1.0\r\n\r\n");

  EXPECT_NE(client.read_response().find("Connection: close"), std::string::npos);
  EXPECT_TRUE(client.is_closed());
}

TEST(HttpServer, RefusesAWrongEscapeAndGarbage) {
  Echo echo;

  EXPECT_TRUE(echo.exchange(get("/%zz")).starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_TRUE(echo.exchange("\x16\x03\x01 hello\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(echo.exchange("GET /" + std::string(1 << 20, 'a')).starts_with("HTTP/1.1 414 "));
  EXPECT_EQ(echo.server.counters().bad_requests, 3U);
}

TEST(HttpServer, AnswersAHandlerThatThrows) {
  HttpOptions options = on_loopback();
  std::promise<std::string> told;
  options.on_handler_failed = [&](std::string_view path, std::string_view what) {
    told.set_value(std::string(path) + ": " + std::string(what));
  };
  Echo echo(std::move(options),
            [](const Request&) -> Response { throw std::runtime_error("oops"); });

  EXPECT_TRUE(echo.exchange(get("/a")).starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(told.get_future().get(), "/a: oops");
}

TEST(HttpServer, CutsOffARequestThatDoesNotComeInTime) {
  HttpOptions options = on_loopback();
  options.header_timeout = milliseconds(50);
  Echo echo(std::move(options));
  auto client = echo.connect();

  client.send("GET / HTTP/1.1\r\nHo");

  EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(client.is_closed());
}

TEST(HttpServer, SendingASingleByteNowAndThenDoesNotKeepARequestAlive) {
  HttpOptions options = on_loopback();
  options.header_timeout = milliseconds(100);
  Echo echo(std::move(options));
  auto client = echo.connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n");

  while (client.is_silent(milliseconds(10))) client.send("A");

  EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 408 "));
}

TEST(HttpServer, ClosesAnIdleConnectionSilently) {
  HttpOptions options = on_loopback();
  options.idle_timeout = milliseconds(50);
  Echo echo(std::move(options));
  auto client = echo.connect();

  client.send(get("/"));
  (void)client.read_response();

  EXPECT_TRUE(client.is_closed());
}

TEST(HttpServer, ClosesAReaderThatDoesNotRead) {
  HttpOptions options = on_loopback();
  options.write_timeout = milliseconds(50);
  const auto large =
      std::make_shared<const ReadyAnswer>("text/plain", "", std::string(32 << 20, 'x'));
  Echo echo(std::move(options), [&](const Request&) { return Response{.ready = large}; });
  auto client = echo.connect();
  auto other = echo.connect();

  client.send(get("/"));
  while (echo.server.counters().timeouts == 0) {
    other.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(other.read_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
  }

  EXPECT_LT(client.read_all().size(), large->body().size());
}

TEST(HttpServer, SendsALargeBodyWhole) {
  const auto large = std::make_shared<const ReadyAnswer>("", "", std::string(8 << 20, '#'));
  Echo echo(on_loopback(), [&](const Request& request) {
    return request.segments().empty() ? Response{.ready = large}
                                      : Response{.body = std::string(1 << 20, '~')};
  });

  const std::string responses = echo.exchange(get("/") + get("/y") + get("/"));

  EXPECT_EQ(static_cast<std::size_t>(std::count(responses.begin(), responses.end(), '#')),
            2 * large->body().size());
  EXPECT_EQ(std::count(responses.begin(), responses.end(), '~'), 1 << 20);
}

TEST(HttpServer, MakesRoomByClosingAnIdleConnection) {
  HttpOptions options = on_loopback();
  options.max_connections = 2;
  Echo echo(std::move(options));
  auto first = echo.connect();
  auto second = echo.connect();
  first.send(get("/"));
  (void)first.read_response();
  second.send(get("/"));
  (void)second.read_response();

  auto third = echo.connect();
  third.send(get("/z"));

  EXPECT_TRUE(ends_with(third.read_response(), "GET z []"));
  EXPECT_LE(echo.server.counters().connections_open, 2U);
}

TEST(HttpServer, KnowsTheProcessAtTheOtherEndOfAUnixSocket) {
  const test::TempFolder directory;
  HttpOptions options;
  options.unix_sockets = {{.path = directory.file("s"), .mode = 0600, .group = {}}};
  HttpServer server(std::move(options), [](const Request& request) {
    return Response{.body = std::to_string(request.peer->pid) + " " +
                            std::to_string(request.peer->uid) + " " +
                            (request.peer->is_local ? "local" : "remote")};
  });
  server.start();
  auto client = SocketClient::to(directory.file("s"));

  client.send(get("/"));

  EXPECT_TRUE(ends_with(client.read_response(), "\r\n\r\n" + std::to_string(::getpid()) + " " +
                                                    std::to_string(::getuid()) + " local"));
}

TEST(HttpServer, RunsPostedWorkOnItsThread) {
  Echo echo;
  std::promise<std::thread::id> ran_on;

  echo.server.post([&] { ran_on.set_value(std::this_thread::get_id()); });

  EXPECT_TRUE(ran_on.get_future().get() != std::this_thread::get_id());
}

TEST(Request, FindsHeadersAndParameters) {
  std::promise<void> checked;
  Echo echo(on_loopback(), [&](const Request& request) {
    EXPECT_EQ(request.header("x-one").value_or("-"), "1");
    EXPECT_FALSE(request.header("X-Two"));
    EXPECT_EQ(request.parameter("a").value_or("-"), "x y/");
    EXPECT_EQ(request.parameter("flag").value_or("-"), "");
    EXPECT_FALSE(request.parameter("b"));
    checked.set_value();
    return Response{};
  });

  (void)echo.exchange("GET /?flag&a=x+y%2F&a=2 HTTP/1.1\r\nHost: a\r\nX-One: 1\r\n\r\n");

  checked.get_future().get();
}

// Else a client that came in that moment would have to ask again.
TEST(HttpServer, StopAnswersWhoHasConnectedAlready) {
  Echo echo;
  auto asked = echo.connect();
  asked.send(get("/first"));
  (void)asked.read_response();
  auto client = echo.connect();
  ASSERT_TRUE(becomes_true([&] { return echo.server.counters().connections_open == 2; }));

  auto stopping = std::async(std::launch::async, [&] { echo.server.stop(milliseconds(10'000)); });
  EXPECT_EQ(asked.read_until("\r\n\r\n"), "") << "who waits for nothing is let go";
  client.send(get("/last"));

  EXPECT_TRUE(ends_with(client.read_response(), "GET last []"));
  stopping.get();
}

TEST(HttpServer, StopAnswersWhatWasAskedOnAKeptConnection) {
  Echo echo;
  auto client = echo.connect();
  client.send(get("/first"));
  (void)client.read_response();
  std::promise<void> gate;
  echo.server.post([&] { gate.get_future().wait(); });

  auto stopping = std::async(std::launch::async, [&] { echo.server.stop(milliseconds(10'000)); });
  client.send(get("/last"));
  gate.set_value();

  EXPECT_TRUE(ends_with(client.read_response(), "GET last []"));
  stopping.get();
}

TEST(HttpServer, TakesOverASocketFromWhoServesThere) {
  const test::TempFolder folder;
  HttpOptions options;
  options.unix_sockets = {{.path = folder.path() / "sock", .mode = 0600, .group = {}}};
  const auto saying = [](const char* word) {
    return [word](const Request&) { return Response{.body = word}; };
  };
  HttpServer before(options, saying("before"));
  before.start();
  Client kept("unix:" + options.unix_sockets[0].path);
  EXPECT_EQ(kept.get("/").value().body, "before");
  options.unix_sockets[0].takes_over = true;

  HttpServer after(options, saying("after"));
  after.start();

  EXPECT_EQ(kept.get("/").value().body, "before");
  Client fresh("unix:" + options.unix_sockets[0].path);
  EXPECT_EQ(fresh.get("/").value().body, "after");
  before.stop(milliseconds(0));
  EXPECT_EQ(kept.get("/").value().body, "after") << "the path is still there";
}

TEST(HttpServer, StopDoesNotWaitForAReaderThatDoesNotRead) {
  const auto large =
      std::make_shared<const ReadyAnswer>("text/plain", "", std::string(32 << 20, 'x'));
  HttpOptions options = on_loopback();
  options.write_timeout = std::chrono::hours(1);
  Echo echo(std::move(options), [&](const Request&) { return Response{.ready = large}; });
  auto client = echo.connect();
  client.send(get("/"));
  ASSERT_TRUE(becomes_true([&] { return echo.server.counters().requests == 1; }));

  echo.server.stop(milliseconds(50));  // and not an hour later

  EXPECT_LT(client.read_all().size(), large->body().size());
}

}  // namespace
}  // namespace paddock::metadata
