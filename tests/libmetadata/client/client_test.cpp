// SPDX-License-Identifier: Apache-2.0
#include "support/temp_folder.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/http_server.hpp>

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <thread>

namespace paddock::metadata {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class ClientTest : public ::testing::Test {
 protected:
  HttpServer& serve(HttpServer::Handler handler, milliseconds idle = std::chrono::minutes(1)) {
    HttpOptions options;
    options.unix_sockets = {{.path = directory_.file("s"), .mode = 0600, .group = {}}};
    options.idle_timeout = idle;
    server_ = std::make_unique<HttpServer>(std::move(options), std::move(handler));
    server_->start();
    return *server_;
  }
  [[nodiscard]] Client client(milliseconds timeout = std::chrono::minutes(1)) const {
    return Client("unix:" + directory_.file("s"), timeout);
  }
  test::TempFolder directory_;
  std::unique_ptr<HttpServer> server_;
};

// Sends the lines given, then waits for good or ends.
struct Lines : ChunkSource {
  Lines(std::vector<std::string> given, bool is_endless)
      : left(std::move(given)), waits(is_endless) {}
  Chunk next() override {
    if (left.empty()) {
      return {waits ? Chunk::State::waiting : Chunk::State::end, nullptr,
              Clock::now() + std::chrono::hours(1)};
    }
    auto data = std::make_shared<const std::string>(left.front());
    left.erase(left.begin());
    return {Chunk::State::data, std::move(data), {}};
  }
  std::vector<std::string> left;
  bool waits;
};

TEST_F(ClientTest, PutsAndReadsOverOneConnection) {
  auto& server = serve([](const Request& request) {
    return Response{.status = 201,
                    .headers = "ETag: \"7\"\r\n",
                    .body = std::string(request.method) + " " + std::string(request.body)};
  });
  auto to_server = client();

  const auto first = to_server.put("/x", "{}");
  const auto second = to_server.get("/y");

  ASSERT_TRUE(first) << first.error().text;
  EXPECT_EQ(first->status, 201);
  EXPECT_EQ(first->header("etag"), "\"7\"");
  EXPECT_EQ(first->body, "PUT {}");
  EXPECT_EQ(second->body, "GET ");
  EXPECT_EQ(server.counters().connections_accepted, 1U);
}

TEST_F(ClientTest, ReadsALargeChunkedBody) {
  serve([](const Request&) {
    return Response{.stream = std::make_unique<Lines>(
                        std::vector<std::string>(20, std::string(100'000, 'x')), false)};
  });

  const auto response = client().get("/");

  ASSERT_TRUE(response) << response.error().text;
  EXPECT_EQ(response->body.size(), 2'000'000U);
}

TEST_F(ClientTest, OpensAConnectionAgainThatTheServerClosed) {
  auto& server = serve([](const Request&) { return Response{.body = "ok"}; }, milliseconds(500));
  auto to_server = client();
  ASSERT_TRUE(to_server.get("/"));
  while (server.counters().connections_open > 0) std::this_thread::yield();

  const auto response = to_server.get("/");

  ASSERT_TRUE(response) << response.error().text;
  EXPECT_EQ(server.counters().connections_accepted, 2U);
}

TEST_F(ClientTest, SaysWhyThereIsNoConnection) {
  const auto response = client().get("/");

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, boost::system::errc::no_such_file_or_directory);
  EXPECT_NE(response.error().text.find(directory_.file("s")), std::string::npos);
}

TEST_F(ClientTest, GivesUpAtItsDeadline) {
  struct Never : LongPoll {
    std::optional<Response> poll(bool) override { return std::nullopt; }
  };
  serve([](const Request&) {
    return Response{.wait = std::make_unique<Never>(),
                    .wait_until = Clock::now() + std::chrono::hours(1)};
  });

  const auto response = client(milliseconds(50)).get("/");

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, boost::system::errc::timed_out);
}

TEST_F(ClientTest, HandsOutLinesAsTheyComeHoweverTheyAreCut) {
  serve([](const Request&) {
    return Response{.stream = std::make_unique<Lines>(
                        std::vector<std::string>{"one\ntw", "o\n\nfour", "\nrest"}, false)};
  });
  std::vector<std::string> lines;

  const auto response = client().lines("/", std::chrono::minutes(1), [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });

  ASSERT_TRUE(response) << response.error().text;
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "", "four"}));
}

TEST_F(ClientTest, StopsReadingLinesWhenToldTo) {
  serve([](const Request&) {
    return Response{.stream = std::make_unique<Lines>(std::vector<std::string>{"a\nb\n"}, true)};
  });
  int count = 0;

  ASSERT_TRUE(
      client().lines("/", std::chrono::minutes(1), [&](std::string_view) { return ++count < 2; }));

  EXPECT_EQ(count, 2);
}

TEST_F(ClientTest, ReportsSilence) {
  serve([](const Request&) {
    return Response{.stream = std::make_unique<Lines>(std::vector<std::string>{"a\n"}, true)};
  });
  int count = 0;

  const auto response =
      client().lines("/", milliseconds(500), [&](std::string_view) { return ++count > 0; });

  EXPECT_EQ(count, 1);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, boost::system::errc::timed_out);
}

TEST_F(ClientTest, CanBeInterrupted) {
  serve([](const Request&) {
    return Response{.stream = std::make_unique<Lines>(std::vector<std::string>{"a\n"}, true)};
  });
  auto to_server = client();
  std::promise<void> began;
  auto result = std::async(std::launch::async, [&] {
    return to_server.lines("/", std::chrono::hours(1), [&](std::string_view) {
      began.set_value();
      return true;
    });
  });
  began.get_future().get();

  to_server.interrupt();

  EXPECT_EQ(result.get().error().code, boost::system::errc::operation_canceled);
}

TEST_F(ClientTest, GivesTheBodyOfARefusalInsteadOfLines) {
  serve([](const Request&) { return Response{.status = 410, .body = "too old\n"}; });

  const auto response = client().lines("/", std::chrono::minutes(1), [](std::string_view) {
    ADD_FAILURE() << "no lines are in a refusal";
    return true;
  });

  EXPECT_EQ(response->status, 410);
  EXPECT_EQ(response->body, "too old\n");
}

TEST(Client, RefusesAServerItCannotName) {
  EXPECT_THROW(Client("ftp://x"), std::invalid_argument);
  EXPECT_THROW(Client("unix:relative"), std::invalid_argument);
  EXPECT_THROW(Client("ftp://example.com"), std::invalid_argument);
  EXPECT_THROW(Client("https://exa mple.com"), std::invalid_argument);
  EXPECT_NO_THROW(Client("https://example.com"));
  EXPECT_THROW(Client("http://127.0.0.1:99999"), std::invalid_argument);
  EXPECT_NO_THROW(Client("http://[::1]:80"));
  EXPECT_THROW(Client("http://[::1]x80"), std::invalid_argument);
  EXPECT_NO_THROW(Client("http://localhost:8080/"));
  EXPECT_THROW(Client("http://localhost:8080/v1"), std::invalid_argument);
}

TEST_F(ClientTest, StreamsABodyAsItComesWithoutHoldingIt) {
  serve([](const Request& request) {
    EXPECT_EQ(request.method, "POST");
    return Response{.stream = std::make_unique<Lines>(
                        std::vector<std::string>(30, std::string(100'000, 'x')), false)};
  });
  Client to_server(
      ClientOptions{.server = "unix:" + directory_.file("s"), .access = {}, .body_limit = 400'000});
  std::size_t total = 0;

  const auto response = to_server.stream({.method = "POST", .target = "/", .body = "{}"}, {},
                                         [&](std::string_view piece) {
                                           total += piece.size();
                                           return true;
                                         });

  ASSERT_TRUE(response) << response.error().text;
  EXPECT_EQ(total, 3'000'000U);
}

TEST_F(ClientTest, RefusesAnAnswerOverItsLimit) {
  serve([](const Request&) { return Response{.body = std::string(100'000, 'x')}; });
  Client to_server(
      ClientOptions{.server = "unix:" + directory_.file("s"), .access = {}, .body_limit = 99'999});

  const auto response = to_server.get("/");

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, boost::system::errc::message_size);
}

TEST_F(ClientTest, ShowsWhenToComeBack) {
  serve([](const Request&) { return Response{.status = 429, .headers = "Retry-After: 7\r\n"}; });

  const auto response = client().get("/");

  ASSERT_TRUE(response);
  EXPECT_EQ(response->retry_after(), std::chrono::seconds(7));
  EXPECT_EQ(ClientResponse().retry_after(), std::nullopt);
}

TEST_F(ClientTest, SaysThatANameHasNoAddress) {
  Client nowhere("http://no-such-host.invalid:1", std::chrono::seconds(20));

  const auto response = nowhere.get("/");

  ASSERT_FALSE(response);
  EXPECT_NE(response.error().text.find("find the address of no-such-host.invalid"),
            std::string::npos)
      << response.error().text;
}

}  // namespace
}  // namespace paddock::metadata
