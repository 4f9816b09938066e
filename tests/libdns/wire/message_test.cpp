// SPDX-License-Identifier: Apache-2.0
#include "wire/message.hpp"

#include "support/dns_query.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace paddock::dns::wire {
namespace {

TEST(Message, AQueryIsTakenApart) {
  const auto bytes = test::encode(
      {.name = "WeB.Zone",
       .type = 28,
       .opt = test::Opt{.payload = 4096, .flags = 0x8000, .options = test::option(3)}});
  Query query;
  ASSERT_EQ(parse_query(bytes, query), Verdict::ok);
  EXPECT_EQ(query.id, 0x1234);
  EXPECT_EQ(query.qtype(), Type::aaaa);
  EXPECT_EQ(query.label_count, 2);
  EXPECT_EQ(std::string(query.qname().begin(), query.qname().end()),
            std::string("\3web\4zone\0", 10));
  EXPECT_EQ(query.question_end, 12 + 10 + 4);
  EXPECT_TRUE(query.edns.is_present);
  EXPECT_TRUE(query.edns.dnssec_ok);
  EXPECT_TRUE(query.edns.asks_nsid);
  EXPECT_EQ(query.edns.payload, 4096);
}

TEST(Message, NamesAreReadThroughPointersBackwards) {
  //                                  0          2         4       6          8       10
  const std::vector<std::uint8_t> bytes{1, 'a', 0, 1, 'b', 0xC0, 0, 1, 'c', 0xC0, 3, 9};
  std::array<std::uint8_t, 255> out;
  std::size_t offset = 7;
  EXPECT_EQ(read_name(bytes, offset, out), 7u);
  EXPECT_EQ(std::string(out.begin(), out.begin() + 7), std::string("\1c\1b\1a\0", 7));
  EXPECT_EQ(offset, 11u);
}

TEST(Message, BrokenNamesAreNotRead) {
  const std::vector<std::vector<std::uint8_t>> broken{
      {0xC0, 0},                    // to itself
      {0xC0, 2, 0},                 // forwards
      {1, 'a', 0xC0, 0},            // around
      {0xC0},                       // half a pointer
      {3, 'a', 'b'},                // cut
      {0x40, 0},                    // a reserved label type
      std::vector<std::uint8_t>(),  // nothing
  };
  std::array<std::uint8_t, 255> out;
  for (const auto& bytes : broken) {
    std::size_t offset = 0;
    EXPECT_FALSE(read_name(bytes, offset, out));
  }
  std::vector<std::uint8_t> long_name;
  for (int i = 0; i < 128; ++i) long_name.insert(long_name.end(), {1, 'x'});
  long_name.push_back(0);
  std::size_t offset = 0;
  EXPECT_FALSE(read_name(long_name, offset, out));
}

TEST(Message, RecordsAreReadWithinTheMessage) {
  const std::vector<std::uint8_t> bytes{0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 1};
  std::size_t offset = 0;
  const auto record = read_record(bytes, offset);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->ttl, 60u);
  EXPECT_EQ(record->data_size, 4);
  EXPECT_EQ(offset, bytes.size());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    offset = 0;
    EXPECT_FALSE(read_record(Bytes(bytes).first(size), offset)) << size;
  }
}

TEST(Message, OnlyLettersAreLowered) {
  std::vector<std::uint8_t> all(256);
  for (std::size_t i = 0; i < 256; ++i) all[i] = static_cast<std::uint8_t>(i);
  lower(all.data(), all.size());
  for (std::size_t i = 0; i < 256; ++i) EXPECT_EQ(all[i], i >= 'A' && i <= 'Z' ? i + 32 : i);
}

TEST(Message, TheWriterStopsAtItsLimit) {
  std::vector<std::uint8_t> buffer(8, 0xEE);
  Writer writer(buffer, 3);
  EXPECT_TRUE(writer.u16(0x0102));
  EXPECT_FALSE(writer.u16(0x0304));
  EXPECT_TRUE(writer.u8(3));
  EXPECT_FALSE(writer.bytes("x", 1));
  EXPECT_EQ(buffer, (std::vector<std::uint8_t>{1, 2, 3, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE}));
}

}  // namespace
}  // namespace paddock::dns::wire
