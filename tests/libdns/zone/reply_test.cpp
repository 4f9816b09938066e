// SPDX-License-Identifier: Apache-2.0
#include "libdns/ask.hpp"

#include <gtest/gtest.h>

#include <map>

namespace paddock::dns {
namespace {

constexpr unsigned A = LDNS_RR_TYPE_A;
constexpr unsigned AAAA = LDNS_RR_TYPE_AAAA;

std::vector<Record> many(std::string_view owner, int count) {
  std::vector<Record> records;
  for (int i = 0; i < count; ++i) {
    const auto address = boost::asio::ip::address_v4(0x0A000000u + static_cast<unsigned>(i));
    records.push_back(address_record(name(owner), address, std::chrono::seconds{5}));
  }
  return records;
}

TEST(Reply, EveryAddressComesFirstEquallyOften) {
  const auto authority = authority_of({zone("zone")}, many("web.zone", 5));
  for (const std::uint32_t step : {1u, 2u, 5u}) {  // clients ask A and AAAA in turn
    std::map<std::string, int> first;
    for (std::uint32_t i = 0; i < 1000; ++i) {
      const auto reply = ask(*authority, {"web.zone", A}, {.rotation = i * step});
      EXPECT_EQ(reply.answer.size(), 5u);
      ++first[reply.answer.front()];
    }
    ASSERT_EQ(first.size(), 5u);
    for (const auto& [line, count] : first) EXPECT_NEAR(count, 200, 10) << line << " step " << step;
  }
}

TEST(Reply, RotationKeepsEveryRecordAndTheOrderAround) {
  const auto authority = authority_of({zone("zone")}, many("web.zone", 4));
  const Lines expected = sorted(ask(*authority, {"web.zone", A}).answer);
  for (std::uint32_t i = 0; i < 50; ++i) {
    Lines lines = ask(*authority, {"web.zone", A}, {.rotation = i}).answer;
    std::ranges::rotate(lines, std::ranges::find(lines, expected.front()));
    EXPECT_EQ(lines, expected);
  }
}

TEST(Reply, UdpIsTruncatedToWhatTheClientTakes) {
  const auto authority = authority_of({zone("zone")}, many("web.zone", 500));
  struct Case {
    std::optional<Opt> opt;
    std::size_t limit;
  };
  for (const Case& c :
       {Case{std::nullopt, 512}, Case{Opt{.payload = 100}, 512}, Case{Opt{.payload = 800}, 800},
        Case{Opt{.payload = 1232}, 1232}, Case{Opt{.payload = 65535}, 1232}}) {
    const auto reply = ask(*authority, {"web.zone", A, c.opt});
    EXPECT_TRUE(reply.tc());
    EXPECT_LE(reply.size, c.limit);
    EXPECT_GT(reply.size, c.limit - 40);  // as many as fit
    EXPECT_EQ(reply.has_opt, c.opt.has_value());
    EXPECT_FALSE(reply.answer.empty());
  }
}

// How often each record is seen in replies over UDP, of which none holds all.
std::map<std::string, int> seen_over_udp(const Authority& authority, unsigned type, int replies) {
  std::map<std::string, int> seen;
  for (int i = 0; i < replies; ++i) {
    const auto reply =
        ask(authority, {"web.zone", type, Opt{}}, {.rotation = static_cast<std::uint32_t>(i)});
    EXPECT_TRUE(reply.tc());
    for (const auto& line : reply.answer) ++seen[line];
  }
  return seen;
}

TEST(Reply, EveryAddressOfALargeSetIsSeenOverUdpEquallyOften) {
  const auto authority = authority_of({zone("zone")}, many("web.zone", 1000));
  const int fits = static_cast<int>(ask(*authority, {"web.zone", A, Opt{}}).answer.size());

  const auto seen = seen_over_udp(*authority, A, 2000);

  ASSERT_EQ(seen.size(), 1000u);
  for (const auto& [line, count] : seen) EXPECT_NEAR(count, 2 * fits, 6) << line;
}

TEST(Reply, EveryServiceRecordOfALargeSetIsSeenOverUdpEquallyOften) {
  std::vector<Record> records;
  for (int i = 0; i < 200; ++i) {
    records.push_back(srv_record(name("web.zone"),
                                 {.port = 80, .target = name("e" + std::to_string(i) + ".zone")},
                                 std::chrono::seconds{5}));
  }
  const auto authority = authority_of({zone("zone")}, records);
  const double fits =
      static_cast<double>(ask(*authority, {"web.zone", LDNS_RR_TYPE_SRV, Opt{}}).answer.size());

  const auto seen = seen_over_udp(*authority, LDNS_RR_TYPE_SRV, 2000);

  ASSERT_EQ(seen.size(), 200u);
  for (const auto& [line, count] : seen) EXPECT_NEAR(count, 10 * fits, 25) << line;
}

TEST(Reply, TcpHoldsTheWholeSet) {
  const auto authority = authority_of({zone("zone")}, many("web.zone", 4000));
  const auto whole = ask(*authority, {"web.zone", A}, {.transport = Transport::tcp});
  EXPECT_FALSE(whole.tc());
  EXPECT_EQ(whole.answer.size(), 4000u);
  const auto larger = authority_of({zone("zone")}, many("web.zone", 5000));
  const auto cut = ask(*larger, {"web.zone", A, Opt{}}, {.transport = Transport::tcp});
  EXPECT_TRUE(cut.tc());
  EXPECT_LE(cut.size, 65535u);
  EXPECT_GT(cut.answer.size(), 4000u);
}

TEST(Reply, ASetThatJustFitsIsNotTruncated) {
  const auto authority = authority_of({zone("zone")}, many("web.zone", 30));  // 12 + 14 + 30 * 16
  const auto reply = ask(*authority, {"web.zone", A});
  EXPECT_EQ(reply.size, 506u);
  EXPECT_FALSE(reply.tc());
  EXPECT_TRUE(ask(*authority_of({zone("zone")}, many("web.zone", 31)), {"web.zone", A}).tc());
}

TEST(Reply, AdditionalRecordsAreLeftOutWithoutTruncation) {
  std::vector<Record> records = many("target.zone", 100);
  records.push_back(
      srv_record(name("_x._tcp.zone"), {0, 100, 80, name("target.zone")}, std::chrono::seconds{5}));
  const auto reply =
      ask(*authority_of({zone("zone")}, records), {"_x._tcp.zone", LDNS_RR_TYPE_SRV});
  EXPECT_FALSE(reply.tc());
  EXPECT_EQ(reply.answer.size(), 1u);
  EXPECT_TRUE(reply.additional.empty());
}

TEST(Reply, OtherSetsAreCutAtARecord) {
  std::vector<Record> records;
  for (int i = 0; i < 100; ++i) {
    records.push_back(
        txt_record(name("t.zone"), "record number " + std::to_string(i), std::chrono::seconds{5}));
  }
  const auto reply = ask(*authority_of({zone("zone")}, records), {"t.zone", LDNS_RR_TYPE_TXT});
  EXPECT_TRUE(reply.tc());
  EXPECT_GT(reply.answer.size(), 10u);
  EXPECT_LE(reply.size, 512u);
}

TEST(Reply, NothingIsWrittenBehindTheLimit) {
  const auto authority = authority_of({zone("zone")}, many("web.zone", 500));
  const auto query = encode(DnsQuery{
      "web.zone", AAAA, Opt{.options = test::option(3) + test::option(10, test::Bytes(8))}});
  const auto query_a = encode(DnsQuery{"web.zone", A, Opt{.options = test::option(3)}});
  for (const auto& bytes : {query, query_a}) {
    for (std::size_t size = 512; size < 560; ++size) {
      test::Bytes buffer(size + 64, 0xEE);
      const auto outcome =
          answer(*authority, bytes, {.server_id = "node"}, std::span(buffer).first(size));
      ASSERT_LE(outcome.size, size);
      EXPECT_TRUE(std::all_of(buffer.begin() + static_cast<std::ptrdiff_t>(size), buffer.end(),
                              [](auto b) { return b == 0xEE; }));
      test::decode(std::span(buffer).first(outcome.size));
    }
  }
}

TEST(Reply, ABufferTooSmallForDnsGetsNothing) {
  const auto authority = authority_of({zone("zone")}, {});
  test::Bytes buffer(511);
  EXPECT_EQ(answer(*authority, encode(DnsQuery{"zone"}), {}, buffer).action, Action::drop);
}

}  // namespace
}  // namespace paddock::dns
