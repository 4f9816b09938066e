// SPDX-License-Identifier: Apache-2.0
//
// Answers that come later, or in pieces: LongPoll and ChunkSource.
#include "libmetadata/http/echo_server.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <set>

namespace paddock::metadata {
namespace {

// Long polls that are answered by name.
struct Waiters {
  struct Waiter : LongPoll {
    Waiter(Waiters& all, ConnectionId connection) : waiters(all), id(connection) {}
    ~Waiter() override { waiters.ids.erase(id); }
    std::optional<Response> poll(bool expired) override {
      if (expired) return Response{.body = "expired"};
      if (!waiters.is_open) return std::nullopt;
      return Response{.body = "woken"};
    }
    [[nodiscard]] bool is_under_way() const override { return waiters.are_under_way; }
    Waiters& waiters;
    ConnectionId id;
  };
  Response operator()(const Request& request) {
    if (request.segments().empty()) return {.body = "at once"};
    ids.insert(request.connection);
    return {.wait = std::make_unique<Waiter>(*this, request.connection),
            .wait_until = Clock::now() + time};
  }
  std::set<ConnectionId> ids;  // the loop's thread
  bool is_open = false;
  bool are_under_way = false;
  milliseconds time = std::chrono::hours(1);
};

TEST(LongPoll, AnswersWhenWokenAndThenThePipelinedRequest) {
  Waiters waiters;
  Echo echo(on_loopback(), [&](const Request& request) { return waiters(request); });
  auto client = echo.connect();
  client.send(get("/wait") + get("/"));
  ASSERT_TRUE(becomes_true([&] { return echo.server.counters().waiting == 1; }));

  echo.server.post([&] {
    for (const auto id : waiters.ids) echo.server.wake(id);
  });
  EXPECT_TRUE(client.is_silent(milliseconds(20)));
  echo.server.post([&] {
    waiters.is_open = true;
    for (const auto id : waiters.ids) echo.server.wake(id);
  });

  EXPECT_TRUE(ends_with(client.read_response(), "woken"));
  EXPECT_TRUE(ends_with(client.read_response(), "at once"));
  EXPECT_EQ(echo.server.counters().waiting, 0U);
}

TEST(LongPoll, AnswersAtItsDeadline) {
  Waiters waiters;
  waiters.time = milliseconds(60);
  Echo echo(on_loopback(), [&](const Request& request) { return waiters(request); });
  auto client = echo.connect();

  const auto begin = Clock::now();
  client.send(get("/wait"));

  EXPECT_TRUE(ends_with(client.read_response(), "expired"));
  EXPECT_GE(Clock::now() - begin, milliseconds(60));
}

TEST(LongPoll, IsForgottenWhenThePeerLeaves) {
  Waiters waiters;
  Echo echo(on_loopback(), [&](const Request& request) { return waiters(request); });
  {
    auto client = echo.connect();
    client.send(get("/wait"));
    ASSERT_TRUE(becomes_true([&] { return echo.server.counters().waiting == 1; }));
  }

  EXPECT_TRUE(becomes_true([&] { return echo.server.counters().connections_open == 0; }));
  EXPECT_EQ(echo.server.counters().waiting, 0U);
}

TEST(LongPoll, HundredsOfWaitersAreAnsweredOnceEach) {
  Waiters waiters;
  HttpOptions options;
  const test::TempFolder directory;
  options.unix_sockets = {{.path = directory.file("s"), .mode = 0600, .group = {}}};
  HttpServer server(std::move(options), [&](const Request& request) { return waiters(request); });
  server.start();
  std::vector<SocketClient> clients;
  for (int i = 0; i < 400; ++i) {
    clients.push_back(SocketClient::to(directory.file("s")));
    clients.back().send(get("/wait"));
  }
  ASSERT_TRUE(becomes_true([&] { return server.counters().waiting == 400; }));

  server.post([&] {
    waiters.is_open = true;
    for (const auto id : waiters.ids) {
      server.wake(id);
      server.wake(id);
    }
  });

  for (auto& client : clients) ASSERT_TRUE(ends_with(client.read_response(), "woken"));
  EXPECT_EQ(server.counters().requests, 400U);
}

TEST(HttpServer, StopExpiresLongPollsAndRefusesNewConnections) {
  Waiters waiters;
  Echo echo(on_loopback(), [&](const Request& request) { return waiters(request); });
  const auto endpoint = echo.server.tcp_endpoints().at(0);
  auto client = echo.connect();
  client.send(get("/wait"));
  ASSERT_TRUE(becomes_true([&] { return echo.server.counters().waiting == 1; }));

  echo.server.stop(std::chrono::seconds(60));

  const std::string response = client.read_response();
  EXPECT_TRUE(ends_with(response, "expired"));
  EXPECT_NE(response.find("Connection: close"), std::string::npos);
  EXPECT_FALSE(SocketClient::to(endpoint).is_connected());
  echo.server.stop(milliseconds(0));
}

TEST(HttpServer, ALongPollThatComesWhileTheServerStopsIsAnswered) {
  Waiters waiters;
  Echo echo(on_loopback(), [&](const Request& request) { return waiters(request); });
  auto first = echo.connect();
  first.send(get("/wait"));
  auto late = echo.connect();
  ASSERT_TRUE(becomes_true([&] {
    return echo.server.counters().waiting == 1 && echo.server.counters().connections_open == 2;
  }));

  auto stopping =
      std::async(std::launch::async, [&] { echo.server.stop(std::chrono::seconds(20)); });
  EXPECT_TRUE(ends_with(first.read_response(), "expired"));
  late.send(get("/wait"));

  EXPECT_TRUE(ends_with(late.read_response(), "expired"));
  stopping.get();
}

TEST(HttpServer, StopWaitsForWhatIsUnderWay) {
  Waiters waiters;
  waiters.are_under_way = true;
  Echo echo(on_loopback(), [&](const Request& request) { return waiters(request); });
  const auto endpoint = echo.server.tcp_endpoints().at(0);
  auto client = echo.connect();
  client.send(get("/wait"));
  ASSERT_TRUE(becomes_true([&] { return echo.server.counters().waiting == 1; }));

  auto stopping =
      std::async(std::launch::async, [&] { echo.server.stop(std::chrono::seconds(20)); });
  ASSERT_TRUE(becomes_true([&] { return !SocketClient::to(endpoint).is_connected(); }));
  echo.server.post([&] {
    waiters.is_open = true;
    for (const auto id : waiters.ids) echo.server.wake(id);
  });

  const std::string response = client.read_response();
  EXPECT_TRUE(ends_with(response, "woken"));
  EXPECT_NE(response.find("Connection: close"), std::string::npos);
  stopping.get();
}

TEST(HttpServer, StopExpiresWhatIsUnderWayForTooLong) {
  Waiters waiters;
  waiters.are_under_way = true;
  Echo echo(on_loopback(), [&](const Request& request) { return waiters(request); });
  auto client = echo.connect();
  client.send(get("/wait"));
  ASSERT_TRUE(becomes_true([&] { return echo.server.counters().waiting == 1; }));

  echo.server.stop(milliseconds(50));

  EXPECT_TRUE(ends_with(client.read_response(), "expired"));
}

// Counts up; waits at each number until the gate lets it pass.
struct Counting : ChunkSource {
  Counting(int& the_gate, int the_end) : gate(the_gate), end(the_end) {}
  Chunk next() override {
    if (number == end) return {};
    if (number >= gate)
      return {Chunk::State::waiting, nullptr, Clock::now() + std::chrono::hours(1)};
    ++number;
    return {
        Chunk::State::data, std::make_shared<const std::string>(std::to_string(number) + "\n"), {}};
  }
  int& gate;
  int end;
  int number = 0;
};

TEST(ChunkSource, IsSentInChunksAsItComes) {
  int gate = 1;
  std::atomic<ConnectionId> id = 0;
  Echo echo(on_loopback(), [&](const Request& request) {
    if (!request.segments().empty()) return Response{.body = "next"};
    id = request.connection;
    return Response{.stream = std::make_unique<Counting>(gate, 3)};
  });
  auto client = echo.connect();

  client.send(get("/") + get("/after"));
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_NE(head.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(client.read_until("\n\r\n"), "2\r\n1\n\r\n");
  EXPECT_TRUE(client.is_silent(milliseconds(20)));
  echo.server.post([&] {
    gate = 3;
    echo.server.wake(id);
  });

  EXPECT_EQ(client.read_until("0\r\n\r\n"), "2\r\n2\n\r\n2\r\n3\n\r\n0\r\n\r\n");
  EXPECT_TRUE(ends_with(client.read_response(), "next"));
}

TEST(ChunkSource, ARequestThatComesDuringItIsAnsweredBehindIt) {
  struct Long : ChunkSource {
    Chunk next() override {
      if (left-- == 0) return {};
      return {Chunk::State::data, data, {}};
    }
    int left = 2000;
    std::shared_ptr<const std::string> data = std::make_shared<const std::string>(10'000, 'x');
  };
  Echo echo(on_loopback(), [&](const Request& request) {
    if (!request.segments().empty()) return Response{.body = "next"};
    return Response{.stream = std::make_unique<Long>()};
  });
  auto client = echo.connect();
  client.send(get("/"));
  (void)client.read_until("\r\n\r\n");

  std::size_t seen = 0;
  for (int i = 0; i < 50; ++i) {
    client.send(get("/after"));
    const std::string more = client.read_bytes(100'000);
    seen += static_cast<std::size_t>(std::count(more.begin(), more.end(), 'x'));
  }
  const std::string rest = client.read_until("\r\n0\r\n\r\n");
  seen += static_cast<std::size_t>(std::count(rest.begin(), rest.end(), 'x'));

  EXPECT_EQ(seen, 20'000'000U);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(ends_with(client.read_response(), "\r\n\r\nnext"));
}

TEST(ChunkSource, IsSentBareToHttp10) {
  int gate = 3;
  Echo echo(on_loopback(), [&](const Request&) {
    return Response{.stream = std::make_unique<Counting>(gate, 3)};
  });

  const std::string response = echo.exchange("GET / HTTP/1.0\r\n\r\n");

  EXPECT_EQ(response.find("Transfer-Encoding"), std::string::npos);
  EXPECT_TRUE(ends_with(response, "\r\n\r\n1\n2\n3\n"));
}

TEST(ChunkSource, IsAskedOnlyAsFastAsItsReaderReads) {
  struct Endless : ChunkSource {
    explicit Endless(std::atomic<std::size_t>& count) : made(count) {}
    Chunk next() override {
      made += data->size();
      return {Chunk::State::data, data, {}};
    }
    std::atomic<std::size_t>& made;
    std::shared_ptr<const std::string> data = std::make_shared<const std::string>(10'000, 'x');
  };
  std::atomic<std::size_t> made = 0;
  Echo echo(on_loopback(), [&](const Request& request) {
    if (!request.segments().empty()) return Response{};
    return Response{.stream = std::make_unique<Endless>(made)};
  });
  auto client = SocketClient::to(echo.server.tcp_endpoints().at(0), 4096);
  auto other = echo.connect();
  client.send(get("/"));
  ASSERT_FALSE(client.read_bytes(1000).empty());

  // The socket's buffers fill up, and then nothing more is made: many requests later still so.
  std::size_t before = 1;
  while (before != made) {
    before = made;
    for (int i = 0; i < 200; ++i) {
      other.send(get("/other"));
      (void)other.read_response();
    }
  }
  const std::size_t read = client.read_bytes(2'000'000).size();

  EXPECT_EQ(read, 2'000'000U);
  EXPECT_TRUE(becomes_true([&] { return made > before; }));
}

}  // namespace
}  // namespace paddock::metadata
