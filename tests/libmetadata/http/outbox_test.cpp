// SPDX-License-Identifier: Apache-2.0
#include "http/outbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace paddock::metadata::http {
namespace {

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() { ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_); }
  ~OutboxTest() override {
    ::close(ends_[0]);
    if (ends_[1] >= 0) ::close(ends_[1]);
  }
  // All that is in the socket now.
  std::string read() {
    std::string text;
    char buffer[65536];
    for (ssize_t size = 0; (size = ::recv(ends_[1], buffer, sizeof buffer, 0)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(size));
    }
    return text;
  }
  int ends_[2];
  Outbox outbox_;
};

TEST_F(OutboxTest, WritesShortAndLongPiecesInOrder) {
  const std::string long_one(5000, 'a');
  outbox_.text() += "head ";
  outbox_.add(std::string(long_one));
  outbox_.text() += " middle ";
  outbox_.add(std::make_shared<const std::string>(5000, 'b'));
  outbox_.add(std::string("short"));
  outbox_.text() += " end";

  ASSERT_EQ(outbox_.flush(ends_[0]), Outbox::Flush::done);

  EXPECT_TRUE(outbox_.empty());
  EXPECT_EQ(read(), "head " + long_one + " middle " + std::string(5000, 'b') + "short end");
}

TEST_F(OutboxTest, GoesOnWhereTheSocketWasFull) {
  std::string expected;
  for (int i = 0; i < 300; ++i) {  // more pieces than one call takes, more bytes than it holds
    const std::string piece(5000, static_cast<char>('a' + i % 26));
    outbox_.text() += std::to_string(i);
    outbox_.add(std::make_shared<const std::string>(piece));
    expected += std::to_string(i) + piece;
  }
  std::string received;
  std::size_t left = outbox_.size();

  auto result = outbox_.flush(ends_[0]);
  ASSERT_EQ(result, Outbox::Flush::blocked);
  while (result == Outbox::Flush::blocked) {
    EXPECT_LT(outbox_.size(), left);
    left = outbox_.size();
    received += read();
    result = outbox_.flush(ends_[0]);
  }

  EXPECT_EQ(result, Outbox::Flush::done);
  EXPECT_EQ(outbox_.size(), 0U);
  EXPECT_EQ(received + read(), expected);
}

TEST_F(OutboxTest, FailsWhenNobodyReads) {
  ::close(std::exchange(ends_[1], -1));
  outbox_.text() += "x";

  EXPECT_EQ(outbox_.flush(ends_[0]), Outbox::Flush::failed);
}

}  // namespace
}  // namespace paddock::metadata::http
