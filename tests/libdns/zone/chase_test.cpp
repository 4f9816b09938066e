// SPDX-License-Identifier: Apache-2.0
#include "libdns/ask.hpp"

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

constexpr unsigned rd = 0x0100;

// www.zone is an alias of target.example; `upstream` says what that is.
struct Chase {
  std::shared_ptr<const Authority> authority =
      authority_of({zone("zone")}, {cname("www.zone", "target.example")});
  AnswerContext context{.is_forwarding = true};

  DnsReply finish(const test::Bytes& upstream, std::optional<Opt> opt = Opt{}) {
    const auto query = encode(DnsQuery{.name = "WWW.zone", .opt = opt, .flags = rd});
    test::Bytes reply(1232);
    const auto chased = answer(*authority, query, context, reply);
    EXPECT_EQ(chased.action, Action::chase);
    const auto outcome = complete_chase(query, context, upstream, chased, reply);
    EXPECT_EQ(outcome.action, Action::reply);
    return test::decode(std::span(reply).first(outcome.size));
  }
};

const std::string alias = "WWW.zone. 5 IN CNAME target.example.";

// A response of `example`, which is made of these records.
test::Bytes response(const std::vector<Record>& records, const char* asked = "target.example",
                     std::size_t limit = 65535) {
  const auto authority = authority_of({zone("example")}, records);
  test::Bytes reply(limit);
  const auto query = encode(DnsQuery{.name = asked, .flags = rd});
  reply.resize(answer(*authority, query, {.transport = Transport::tcp}, reply).size);
  return reply;
}

TEST(Chase, AppendsTheAnswer) {
  const auto reply = Chase().finish(response({a("target.example", "192.0.2.1", 60)}));
  EXPECT_EQ(reply.rcode, 0u);
  EXPECT_TRUE(reply.aa());
  EXPECT_TRUE(reply.ra());
  EXPECT_TRUE(reply.has_opt);
  EXPECT_EQ(reply.answer, (Lines{alias, "target.example. 60 IN A 192.0.2.1"}));
  EXPECT_FALSE(Chase().finish(response({a("target.example", "192.0.2.1")}), std::nullopt).has_opt);
}

TEST(Chase, KeepsTheUpstreamsCnames) {
  const auto upstream =
      response({cname("target.example", "cdn.example"), cname("cdn.example", "edge.example"),
                a("edge.example", "192.0.2.2")});
  EXPECT_EQ(Chase().finish(upstream).answer,
            (Lines{alias, "target.example. 5 IN CNAME cdn.example.",
                   "cdn.example. 5 IN CNAME edge.example.", "edge.example. 5 IN A 192.0.2.2"}));
}

TEST(Chase, WritesOutNamesOfOldTypesThatOthersCompress) {  // RFC 3597, 4
  auto upstream = encode(DnsQuery{.name = "target.example", .type = LDNS_RR_TYPE_RP});
  upstream[2] |= 0x80;
  upstream[7] = 1;
  for (const int octet : {0xC0, 12, 0, 17, 0, 1, 0, 0, 0, 60, 0, 4, 0xC0, 12, 0xC0, 12}) {
    upstream.push_back(static_cast<std::uint8_t>(octet));
  }

  EXPECT_EQ(Chase().finish(upstream).answer,
            (Lines{alias, "target.example. 60 IN RP target.example. target.example."}));
}

TEST(Chase, TakesTheUpstreamsNegativeAnswer) {
  const auto missing = Chase().finish(response({}));
  EXPECT_EQ(missing.rcode, 3u);  // RFC 6604
  EXPECT_EQ(missing.answer, Lines{alias});
  EXPECT_EQ(
      missing.authority,
      Lines{"example. 5 IN SOA ns.dns.example. hostmaster.example. 1700000000 7200 1800 86400 5"});
  const auto empty = Chase().finish(response({a("target.example", "fd00::1")}));
  EXPECT_EQ(empty.rcode, 0u);
  EXPECT_EQ(empty.authority.size(), 1u);
}

TEST(Chase, NoAnswerIsServfailWithTheCname) {
  for (const auto& upstream :
       {test::Bytes{}, test::Bytes(11), test::Bytes{0, 0, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0}}) {
    const auto reply = Chase().finish(upstream);
    EXPECT_EQ(reply.rcode, 2u);
    EXPECT_EQ(reply.answer, Lines{alias});
    EXPECT_EQ(reply.extended_error(), 22);
  }
}

TEST(Chase, TruncatesAtTheClientsLimit) {
  std::vector<Record> records;
  for (int i = 0; i < 200; ++i) {
    records.push_back(a("target.example", ("192.0.2." + std::to_string(i)).c_str()));
  }
  const auto reply = Chase().finish(response(records));
  EXPECT_TRUE(reply.tc());
  EXPECT_LE(reply.size, 1232u);
  EXPECT_GT(reply.answer.size(), 60u);
}

TEST(Chase, SurvivesEveryCutOfTheUpstreamsMessage) {
  const auto upstream =
      response({cname("target.example", "cdn.example"), a("cdn.example", "192.0.2.2")});
  for (std::size_t size = 0; size < upstream.size(); ++size) {
    const auto reply = Chase().finish(
        test::Bytes(upstream.begin(), upstream.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_EQ(reply.rcode, 2u);
    EXPECT_EQ(reply.answer, Lines{alias});
  }
}

TEST(AnswerFailure, EchoesTheQuestion) {
  test::Bytes reply(512);
  const auto query = encode(DnsQuery{.name = "Example.com", .opt = Opt{}, .flags = rd});
  const auto outcome = answer_failure(query, {.is_forwarding = true}, Rcode::servfail,
                                      ExtendedError::no_reachable_authority, reply);
  const auto decoded = test::decode(std::span(reply).first(outcome.size));
  EXPECT_EQ(decoded.rcode, 2u);
  EXPECT_EQ(decoded.question, Lines{"Example.com."});
  EXPECT_TRUE(decoded.ra());
  EXPECT_FALSE(decoded.aa());
  EXPECT_EQ(decoded.extended_error(), 22);
}

}  // namespace
}  // namespace paddock::dns
