// SPDX-License-Identifier: Apache-2.0
//
// Clients that mean harm, or are broken: each gets a clear status or a closed connection, and
// nobody else notices.
#include "libmetadata/http/echo_server.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace paddock::metadata {
namespace {

struct Attack {
  const char* name;
  std::string bytes;
  int status;
};

void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.name; }

std::string post(const std::string& headers, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + body;
}

std::string many_headers() {
  std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 5000; ++i) text += "X-" + std::to_string(i) + ": y\r\n";
  return text + "\r\n";
}

class Attacks : public ::testing::TestWithParam<Attack> {};

TEST_P(Attacks, AreAnsweredAndHurtNobody) {
  Echo echo;
  auto other = echo.connect();
  other.send(get("/before"));
  ASSERT_TRUE(ends_with(other.read_response(), "GET before []"));

  auto attacker = echo.connect();
  attacker.send(GetParam().bytes);
  const std::string response = attacker.read_response();

  EXPECT_TRUE(response.starts_with("HTTP/1.1 " + std::to_string(GetParam().status) + " "))
      << response.substr(0, 100);
  EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(attacker.is_closed());
  other.send(get("/after"));
  EXPECT_TRUE(ends_with(other.read_response(), "GET after []"));
}

INSTANTIATE_TEST_SUITE_P(
    Requests, Attacks,
    ::testing::Values(
        Attack{"a URL of a megabyte", get("/" + std::string(1 << 20, 'a')), 414},
        Attack{"a query of a megabyte", get("/?" + std::string(1 << 20, 'a')), 414},
        Attack{"thousands of headers", many_headers(), 431},
        Attack{"a header of a megabyte",
               "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1 << 20, 'a') + "\r\n\r\n", 431},
        Attack{"a header without end", "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(1 << 20, 'a'),
               431},
        Attack{"a half escape", get("/%4"), 400}, Attack{"no escape", get("/a%g0/b"), 400},
        Attack{"a bare percent sign", get("/100%"), 400},
        Attack{"a space in the target", get("/a b"), 400},
        Attack{"a zero byte in the target", get(std::string("/a\0b", 4)), 400},
        Attack{"a zero byte in a header",
               std::string("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 33), 400},
        Attack{"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 13), 400},
        Attack{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        Attack{"a body of gigabytes", post("Content-Length: 99999999999\r\n", ""), 413},
        Attack{"a length beyond numbers", post("Content-Length: 99999999999999999999999\r\n", ""),
               400},
        Attack{"a negative length", post("Content-Length: -1\r\n", ""), 400},
        Attack{"two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400},
        Attack{"a length and chunks",
               post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        Attack{"an unknown coding", post("Transfer-Encoding: gzip, chunked\r\n", ""), 501},
        Attack{"a chunk that says too much",
               post("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n"), 413},
        Attack{"a chunk size beyond numbers",
               post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"), 400},
        Attack{"a chunk that says too little",
               post("Transfer-Encoding: chunked\r\n", "1\r\nabc\r\n0\r\n\r\n"), 400},
        Attack{"a negative chunk", post("Transfer-Encoding: chunked\r\n", "-1\r\n"), 400},
        Attack{"an endless chunk size",
               post("Transfer-Encoding: chunked\r\n", std::string(5000, '0')), 400},
        Attack{"an endless trailer",
               post("Transfer-Encoding: chunked\r\n", "0\r\n" + std::string(5000, 'x')), 400},
        Attack{"dust for a body",
               post("Transfer-Encoding: chunked\r\n",
                    [] {
                      std::string dust;
                      for (int i = 0; i < 60'000; ++i) dust += "1\r\nx\r\n";
                      return dust;
                    }()),
               413}));

TEST(HostileClient, AnEscapedZeroByteOrWrongUtf8IsJustText) {
  Echo echo;

  EXPECT_TRUE(ends_with(echo.exchange(get("/a%00b")), std::string("GET a\0b []", 10)));
  EXPECT_TRUE(ends_with(echo.exchange(get("/%ff%C0%80")), "GET \xff\xc0\x80 []"));
  EXPECT_TRUE(ends_with(echo.exchange(get("/\xff/x")), "GET \xff x []"));
}

TEST(HostileClient, GarbageBehindARequestDoesNotSpoilItsAnswer) {
  Echo echo;
  auto client = echo.connect();

  client.send(get("/good") + "\x01\x02garbage\r\n\r\n" + get("/never"));

  EXPECT_TRUE(ends_with(client.read_response(), "GET good []"));
  EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(echo.server.counters().requests, 1U);
}

TEST(HostileClient, ABodyOnAGetIsReadAndDoesNotBecomeARequest) {
  Echo echo;

  const std::string body = get("/smuggled");
  const std::string both =
      echo.exchange("GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n" + body + get("/b"));

  EXPECT_NE(both.find("GET a [" + body + "]"), std::string::npos);
  EXPECT_EQ(both.find("GET smuggled"), std::string::npos);
  EXPECT_TRUE(ends_with(both, "GET b []"));
}

TEST(HostileClient, LeavingInTheMiddleOfARequestLeavesNothing) {
  Echo echo;
  for (const char* part : {"G", "GET / HTTP/1.1\r\nHo",
                           "PUT / HTTP/1.1\r\nHost: a\r\n"
                           "Content-Length: 10\r\n\r\nabc"}) {
    EXPECT_EQ(echo.exchange(part), "");
  }

  EXPECT_TRUE(becomes_true([&] { return echo.server.counters().connections_open == 0; }));
}

TEST(HostileClient, ASlowBodyIsCutOff) {
  HttpOptions options = on_loopback();
  options.header_timeout = milliseconds(100);
  Echo echo(std::move(options));
  auto client = echo.connect();
  client.send(post("Content-Length: 1000\r\n", "a"));

  while (client.is_silent(milliseconds(10))) client.send("a");

  EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 408 "));
}

TEST(ConnectionFlood, AClientHasALimit) {
  HttpOptions options = on_loopback();
  options.max_connections_per_client = 3;
  Echo echo(std::move(options));
  std::vector<SocketClient> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(echo.connect());
    held.back().send(get("/"));
    (void)held.back().read_response();
  }

  auto refused = echo.connect();
  EXPECT_TRUE(refused.read_response().starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
  auto other = SocketClient::from("127.0.0.2", echo.server.tcp_endpoints().at(0));
  other.send(get("/other"));
  EXPECT_TRUE(ends_with(other.read_response(), "GET other []"));
  held.clear();
  ASSERT_TRUE(becomes_true([&] { return echo.server.counters().connections_open == 1; }));

  auto again = echo.connect();
  again.send(get("/again"));
  EXPECT_TRUE(ends_with(again.read_response(), "GET again []"));
}

TEST(ConnectionFlood, WhoTakesMostMakesRoomForOthers) {
  HttpOptions options = on_loopback();
  options.max_connections = 8;
  Echo echo(std::move(options));
  std::vector<SocketClient> flood;
  for (int i = 0; i < 8; ++i) {
    flood.push_back(echo.connect());
    flood.back().send("GET / HTTP/1.1\r\nHost");  // busy: not to be closed as idle
  }
  ASSERT_TRUE(becomes_true([&] { return echo.server.counters().connections_open == 8; }));

  for (int i = 0; i < 3; ++i) {
    auto other = SocketClient::from("127.0.0.2", echo.server.tcp_endpoints().at(0));
    other.send(get("/other"));
    EXPECT_TRUE(ends_with(other.read_response(), "GET other []"));
  }
  EXPECT_GE(echo.server.counters().connections_shed, 1U);
  EXPECT_LE(echo.server.counters().connections_open, 8U);
}

TEST(ConnectionFlood, AFullServerRefusesAnEqualNewcomer) {
  HttpOptions options = on_loopback();
  options.max_connections = 2;
  Echo echo(std::move(options));
  auto first = echo.connect();
  auto second = echo.connect();
  for (SocketClient* client : {&first, &second}) {
    client->send(post("Content-Length: 2\r\nExpect: 100-continue\r\n", ""));
    ASSERT_EQ(client->read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  }

  EXPECT_TRUE(echo.connect().read_response().starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  while (echo.server.counters().connections_refused == 0) std::this_thread::yield();
  EXPECT_EQ(echo.server.counters().connections_refused, 1U);
  first.send("ok");
  EXPECT_TRUE(ends_with(first.read_response(), "POST [ok]"));
}

TEST(MemoryFlood, UnfinishedRequestsOfOneClientCostNobodyElse) {
  HttpOptions options = on_loopback();
  options.memory_limit = 256 * 1024;
  Echo echo(std::move(options));
  auto other = SocketClient::from("127.0.0.2", echo.server.tcp_endpoints().at(0));
  other.send("GET /other HTTP/1.1\r\nHost: a\r\nX: ");
  std::vector<SocketClient> flood;
  for (int i = 0; i < 60; ++i) {
    flood.push_back(echo.connect());
    flood.back().send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" +
                      std::string(30'000, 'x'));
  }

  EXPECT_TRUE(becomes_true([&] { return echo.server.counters().connections_shed >= 40; }));
  other.send("y\r\n\r\n");
  EXPECT_TRUE(ends_with(other.read_response(), "GET other []"));
}

TEST(MemoryFlood, AnswersThatAreNotReadCostNobodyElse) {
  HttpOptions options = on_loopback();
  options.memory_limit = 4 << 20;
  Echo echo(std::move(options), [](const Request& request) {
    return Response{.body = std::string(request.segments().empty() ? 6 << 20 : 1, 'x')};
  });
  std::vector<SocketClient> flood;
  for (int i = 0; i < 10; ++i) {
    flood.push_back(SocketClient::to(echo.server.tcp_endpoints().at(0), 4096));
    flood.back().send(get("/"));
  }
  EXPECT_TRUE(becomes_true([&] { return echo.server.counters().connections_shed > 0; }));

  auto other = SocketClient::from("127.0.0.2", echo.server.tcp_endpoints().at(0));
  other.send(get("/other"));
  EXPECT_TRUE(ends_with(other.read_response(), "\r\n\r\nx"));
}

}  // namespace
}  // namespace paddock::metadata
