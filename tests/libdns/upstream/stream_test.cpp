// SPDX-License-Identifier: Apache-2.0
//
// A connection to another resolver that fails, or falls silent. That queries follow each other over
// one is tested with a real resolver in server/resolvers_of_others_test.cpp.
#include "upstream/stream.hpp"

#include "support/dns_message.hpp"
#include "support/loopback_socket.hpp"
#include "support/no_descriptors.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace paddock::dns::upstream {
namespace {

using namespace std::chrono_literals;
using testing::Message;

const Message www = testing::query("www.example.net", Type::a);

// The resolver's end of one connection.
class Connection {
 public:
  explicit Connection(int descriptor) : descriptor_(descriptor) {}
  Connection(Connection&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Connection& operator=(Connection&&) = delete;
  ~Connection() { ::close(descriptor_); }

  // The next query; waits for it.
  [[nodiscard]] Message query() const {
    std::uint8_t length[2];
    EXPECT_EQ(::recv(descriptor_, length, 2, MSG_WAITALL), 2);
    Message message(wire::load16(length));
    EXPECT_EQ(::recv(descriptor_, message.data(), message.size(), MSG_WAITALL),
              static_cast<ssize_t>(message.size()));
    return message;
  }
  void answer(const Message& asked) const {
    const Message reply = testing::reply_to(asked, {});
    Message frame;
    testing::put16(frame, static_cast<unsigned>(reply.size()));
    frame.insert(frame.end(), reply.begin(), reply.end());
    ::send(descriptor_, frame.data(), frame.size(), MSG_NOSIGNAL);
  }
  // Neither a query waits in it nor its end.
  [[nodiscard]] bool is_quiet() const {
    std::uint8_t octet = 0;
    return ::recv(descriptor_, &octet, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
  }

 private:
  int descriptor_;
};

class Listener {
 public:
  Listener() { EXPECT_EQ(::listen(socket_.number(), 16), 0); }

  [[nodiscard]] Upstream resolver() const {
    return {.endpoint = {boost::asio::ip::make_address("127.0.0.1"), socket_.port()},
            .transport = Upstream::Transport::tcp};
  }
  [[nodiscard]] Connection accept() const {
    return Connection(::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  // Whether somebody connects within that time.
  [[nodiscard]] bool is_wanted(std::chrono::milliseconds time) const {
    pollfd watched{socket_.number(), POLLIN, 0};
    return ::poll(&watched, 1, static_cast<int>(time.count())) == 1;
  }

 private:
  test::LoopbackSocket socket_{SOCK_STREAM};
};

class StreamTest : public ::testing::Test, public TransportOwner {
 protected:
  using Ended = std::pair<std::uint64_t, Failure>;

  void on_socket(Transport&, int descriptor, bool readable, bool writable) override {
    watched_ = {readable || writable ? descriptor : -1,
                static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0)), 0};
  }
  void on_end(std::uint64_t exchange, Failure failure, std::span<const std::uint8_t>) override {
    ended.emplace_back(exchange, failure);
  }

  // Runs the loop until so many exchanges have ended.
  void run_until(Stream& stream, std::size_t count) {
    while (ended.size() < count) {
      ASSERT_EQ(::poll(&watched_, 1, 20'000), 1) << "nothing came";
      stream.ready(watched_.fd, true, true);
    }
  }
  // Connected, and the first query answered.
  Connection begin(Stream& stream) {
    stream.send(www, 1);
    auto connection = listener.accept();
    EXPECT_EQ(::poll(&watched_, 1, 20'000), 1);
    stream.ready(watched_.fd, true, true);
    connection.answer(connection.query());
    run_until(stream, 1);
    return connection;
  }

  const Listener listener;
  std::vector<Ended> ended;

 private:
  pollfd watched_{-1, 0, 0};
};

TEST_F(StreamTest, WhatCouldNotBeSentIsNotSentOverALaterConnection) {
  Stream stream(listener.resolver(), 30s, nullptr, *this);
  TransportOwner& owner = *this;
  owner.on_end(0, Failure::network, {});  // see NoDescriptors
  ended.clear();
  {
    const test::NoDescriptors none;
    stream.send(www, 1);
    stream.send(www, 2);
  }
  EXPECT_EQ(ended, (std::vector<Ended>{{1, Failure::network}, {2, Failure::network}}));
  ended.clear();

  const auto connection = begin(stream);

  EXPECT_TRUE(connection.is_quiet()) << "more than one query came";
}

TEST_F(StreamTest, AConnectionThatFellSilentIsGivenUpWhateverElseIsOnItsWay) {
  Stream stream(listener.resolver(), 500ms, nullptr, *this);
  const auto silent = begin(stream);

  std::uint64_t asked = 1;
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!listener.is_wanted(5ms) && std::chrono::steady_clock::now() < end) {
    stream.send(www, ++asked);
    stream.expire();
  }

  ASSERT_TRUE(listener.is_wanted(0ms));
  EXPECT_NE(std::ranges::find(ended, Ended(2, Failure::timed_out)), ended.end());
}

TEST_F(StreamTest, AConnectionOverWhichOthersAreAnsweredIsKept) {
  Stream stream(listener.resolver(), 100ms, nullptr, *this);
  const auto connection = begin(stream);
  stream.send(www, 2);
  stream.send(www, 3);
  const auto slow = connection.query();
  connection.answer(connection.query());
  run_until(stream, 2);
  ASSERT_EQ(ended[1], Ended(3, Failure::none));

  while (ended.size() < 3) {
    EXPECT_FALSE(listener.is_wanted(5ms));
    stream.expire();
  }

  EXPECT_EQ(ended[2], Ended(2, Failure::timed_out));
  EXPECT_TRUE(connection.is_quiet()) << "it was closed";
}

}  // namespace
}  // namespace paddock::dns::upstream
