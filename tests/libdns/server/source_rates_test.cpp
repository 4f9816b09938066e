// SPDX-License-Identifier: Apache-2.0
#include "server/source_rates.hpp"

#include "libdns/server/serving.hpp"
#include "support/happening.hpp"

#include <gtest/gtest.h>

namespace paddock::dns::server {
namespace {

using namespace testing;
using namespace std::chrono_literals;

const auto start = std::chrono::steady_clock::time_point(1h);

SocketAddress client(const std::string& text) {
  return to_socket_address({boost::asio::ip::make_address(text), 4711});
}

int admitted(SourceRates& rates, const SocketAddress& who, int replies,
             std::chrono::steady_clock::time_point now) {
  int count = 0;
  for (int i = 0; i < replies; ++i) count += rates.admit(who, now) ? 1 : 0;
  return count;
}

TEST(SourceRates, GiveASecondsRepliesAtOnceAndThenTheRate) {
  SourceRates rates(100);

  EXPECT_EQ(admitted(rates, client("10.0.0.1"), 500, start), 100);
  EXPECT_EQ(admitted(rates, client("10.0.0.1"), 500, start + 250ms), 25);
  EXPECT_EQ(admitted(rates, client("10.0.0.1"), 500, start + 10s), 100);
}

TEST(SourceRates, AreEachAddresssOwn) {
  SourceRates rates(2);
  ASSERT_EQ(admitted(rates, client("10.0.0.1"), 3, start), 2);

  EXPECT_EQ(admitted(rates, client("10.0.0.2"), 3, start), 2);
  EXPECT_EQ(admitted(rates, client("fd00::1"), 3, start), 2);
  EXPECT_EQ(admitted(rates, client("fd00::2"), 3, start), 2);
  EXPECT_EQ(admitted(rates, client("10.0.0.1"), 3, start), 0);
}

TEST(SourceRates, RememberWhoIsOverItAmongMoreClientsThanTheyHold) {
  SourceRates rates(1000);
  ASSERT_EQ(admitted(rates, client("192.0.2.1"), 2000, start), 1000);

  for (int i = 0; i < 50'000; ++i) {
    const auto bytes = std::to_string(i / 250) + "." + std::to_string(i % 250);
    EXPECT_TRUE(rates.admit(client("10.1." + bytes), start));
  }

  EXPECT_EQ(admitted(rates, client("192.0.2.1"), 10, start), 0);
}

Message with_cookie(Message message, const Message& cookie) {
  wire::store16(&message[message.size() - 2], static_cast<std::uint16_t>(4 + cookie.size()));
  put16(message, 10);
  put16(message, static_cast<unsigned>(cookie.size()));
  message.insert(message.end(), cookie.begin(), cookie.end());
  return message;
}

const Message asked = query("web.cluster.local", Type::a, {.payload = 1232});

struct Limited : ::testing::Test {
  static ServerOptions one_a_second() {
    auto options = local_options();
    options.udp_rate = 1;
    return options;
  }

  // How many queries of the burst were over the rate, once all were looked at.
  std::uint64_t send(int queries, const Message& message) {
    const auto before = over_rate();
    const auto total = seen() + static_cast<std::uint64_t>(queries);
    for (int i = 0; i < queries; ++i) client.send(message);
    EXPECT_TRUE(test::becomes_true([&] { return seen() == total; }));
    return over_rate() - before;
  }

  std::uint64_t seen() const { return serving.server.counters().queries[0][0][0]; }
  std::uint64_t over_rate() const {
    const auto counters = serving.server.counters();
    return counters.over_rate_cut + counters.over_rate_left_out;
  }

  const Serving serving{one_a_second()};
  UdpClient client{serving.at};
};

TEST_F(Limited, RepliesAreCutShortOrLeftOutInTurn) {
  EXPECT_EQ(client.ask(asked).addresses().size(), 1U);

  const auto over = send(64, asked);

  // One more for each second the burst took.
  EXPECT_GE(over, 1U);
  const auto counters = serving.server.counters();
  EXPECT_EQ(counters.over_rate_cut, (over + 1) / 2);
  EXPECT_EQ(counters.over_rate_left_out, over / 2);
  std::uint64_t cut = 0;
  for (std::uint64_t i = 0; i < 64 - over / 2; ++i) {
    const auto reply = client.receive();
    ASSERT_TRUE(reply.has_value());
    const auto taken = take_apart(*reply);
    if (!taken.has(wire::flag_tc)) continue;
    ++cut;
    EXPECT_TRUE(taken.answers.empty());
    EXPECT_LE(reply->size(), asked.size());
  }
  EXPECT_EQ(cut, counters.over_rate_cut);
}

TEST_F(Limited, ACookieOfOursOrTcpShowsThatTheClientIsThere) {
  client.send(with_cookie(asked, {1, 2, 3, 4, 5, 6, 7, 8}));
  const auto first = client.receive();
  ASSERT_TRUE(first.has_value());
  const Message cookie(first->end() - 24, first->end());

  EXPECT_EQ(send(64, with_cookie(asked, cookie)), 0U);
  TcpClient stream(serving.at);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(stream.ask(asked).addresses().size(), 1U);

  auto forged = cookie;
  forged.back() ^= 1;
  EXPECT_GE(send(64, with_cookie(asked, forged)), 1U);
}

}  // namespace
}  // namespace paddock::dns::server
