// SPDX-License-Identifier: Apache-2.0
#include "upstream/known_answer.hpp"

#include "support/dns_message.hpp"
#include "wire/cookie.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace paddock::dns::upstream {
namespace {

using namespace std::chrono_literals;
using testing::a;
using testing::Message;
using testing::put16;
using testing::query;
using testing::reply_to;
using testing::Seen;
using testing::soa;
using testing::take_apart;

const Question www{testing::name("www.example.net").wire(), 1, 1, {}};

Message response(const testing::ReplyForm& form) {
  return reply_to(query("www.example.net", Type::a), form);
}

KnownAnswer addresses(int count) {
  testing::ReplyForm form;
  for (int i = 0; i < count; ++i) {
    form.answers.push_back(a("www.example.net", "192.0.2." + std::to_string(i)));
  }
  return parse_response(response(form), www).value();
}

Seen composed(const Message& raw, const KnownAnswer& answer, AnswerContext context = {},
              Presentation presentation = {}, std::size_t* size = nullptr) {
  wire::Query parsed;
  EXPECT_EQ(wire::parse_query(raw, parsed), wire::Verdict::ok);
  Message out(65535);
  out.resize(compose_reply(parsed, raw, context, answer.view(), presentation, out));
  if (size != nullptr) {
    *size = out.size();
  }
  return take_apart(out);
}

TEST(ParseResponse, RefusesAnswersToAnotherQuestion) {
  const auto message = response({.answers = {a("www.example.net", "192.0.2.1")}});

  EXPECT_TRUE(parse_response(message, www).has_value());
  EXPECT_FALSE(parse_response(message, {testing::name("www.example.com").wire(), 1, 1, {}}));
  EXPECT_FALSE(parse_response(message, {testing::name("www.example.net").wire(), 28, 1, {}}));
  EXPECT_FALSE(parse_response(message, {testing::name("www.example.net").wire(), 1, 3, {}}));
}

TEST(ParseResponse, RefusesQueriesAndWhatIsCutShort) {
  auto asked = response({});
  asked[2] &= 0x7F;

  EXPECT_FALSE(parse_response(asked, www));
  EXPECT_FALSE(parse_response(response({.flags = wire::flag_tc}), www));
}

TEST(ParseResponse, RefusesEveryTruncation) {
  const auto whole = response({.answers = {a("www.example.net", "192.0.2.1")}});

  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_response(std::span(whole).first(size), www)) << size;
  }
}

TEST(ParseResponse, TakesTheOptOutAndKeepsItsError) {
  const auto answer = parse_response(response({.rcode = 2, .extended_error = 6}), www).value();

  EXPECT_EQ(answer.error, ExtendedError{6});
  EXPECT_FALSE(take_apart(answer.message).has_opt);
}

TEST(ParseResponse, ATtlWithTheTopBitIsZero) {
  const auto answer =
      parse_response(response({.answers = {a("www.example.net", "192.0.2.1", INT32_MIN)}}), www);

  EXPECT_EQ(answer.value().ttl, 0s);
  EXPECT_EQ(take_apart(answer.value().message).answers.at(0).ttl, 0U) << "as it is told";
}

TEST(ComposeReply, GivesBackTheClientsIdAndSpelling) {
  const auto asked = query("wWw.eXample.NET", Type::a, {.id = 0xBEEF});

  const auto seen = composed(asked, addresses(1));

  EXPECT_EQ(seen.id, 0xBEEF);
  EXPECT_EQ(seen.spelling, std::string("\3wWw\7eXample\3NET\0", 17));
  EXPECT_TRUE(seen.has(wire::flag_ra));
  EXPECT_TRUE(seen.has(wire::flag_rd));
  EXPECT_FALSE(seen.has(wire::flag_aa));
  EXPECT_FALSE(seen.has_opt);
}

TEST(ComposeReply, AuthenticDataIsOnlyForThoseWhoAsk) {
  const auto answer = parse_response(
      response({.answers = {a("www.example.net", "192.0.2.1")}, .flags = wire::flag_ad}), www);

  const auto plain = composed(query("www.example.net", Type::a), *answer);
  const auto asking = composed(
      query("www.example.net", Type::a, {.flags = wire::flag_rd | wire::flag_ad}), *answer);

  EXPECT_FALSE(plain.has(wire::flag_ad));
  EXPECT_TRUE(asking.has(wire::flag_ad));
}

TEST(ComposeReply, SendsOptOnlyToThoseWhoSentOne) {
  const auto answer = addresses(1);

  EXPECT_FALSE(composed(query("www.example.net", Type::a), answer).has_opt);
  EXPECT_TRUE(composed(query("www.example.net", Type::a, {.payload = 1232}), answer).has_opt);
}

TEST(ComposeReply, AnswersTheOptionsOfTheClient) {
  auto raw = query("www.example.net", Type::a, {.payload = 1232});
  const Message sent{1, 2, 3, 4, 5, 6, 7, 8};
  wire::store16(&raw[raw.size() - 2], static_cast<std::uint16_t>(4 + sent.size() + 4));
  put16(raw, 10);  // cookie
  put16(raw, static_cast<unsigned>(sent.size()));
  raw.insert(raw.end(), sent.begin(), sent.end());
  put16(raw, 11);  // keepalive
  put16(raw, 0);
  wire::Query parsed;
  ASSERT_EQ(wire::parse_query(raw, parsed), wire::Verdict::ok);
  const wire::CookieSecret secret{1, 2, 3};
  AnswerContext context;
  context.transport = Transport::tcp;
  context.client = boost::asio::ip::make_address("192.0.2.1");
  context.cookie_secret = &secret;
  context.unix_time = 1'700'000'000;
  context.keepalive = 200;

  Message out(65535);
  out.resize(compose_reply(parsed, raw, context, addresses(1).view(), {}, out));

  Message options;
  put16(options, 10);
  put16(options, wire::full_cookie_size);
  const auto cookie = wire::make_cookie(sent, context.client, context.unix_time, secret);
  options.insert(options.end(), cookie.begin(), cookie.end());
  for (const unsigned half : {11, 2, 200}) put16(options, half);
  ASSERT_GT(out.size(), options.size());
  EXPECT_TRUE(std::equal(options.rbegin(), options.rend(), out.rbegin()));
}

TEST(ComposeReply, CutsWithTcToWhatTheClientTakes) {
  const auto answer = addresses(60);  // near 2 kB
  std::size_t size = 0;

  const auto plain = composed(query("www.example.net", Type::a), answer, {}, {}, &size);
  EXPECT_TRUE(plain.has(wire::flag_tc));
  EXPECT_LE(size, 512U);
  EXPECT_TRUE(plain.answers.empty());

  const auto greedy =
      composed(query("www.example.net", Type::a, {.payload = 4096}), answer, {}, {}, &size);
  EXPECT_TRUE(greedy.has(wire::flag_tc)) << "our own limit is 1232";
  EXPECT_LE(size, 1232U);
  EXPECT_TRUE(greedy.has_opt);

  AnswerContext over_tcp;
  over_tcp.transport = Transport::tcp;
  const auto tcp = composed(query("www.example.net", Type::a), answer, over_tcp, {}, &size);
  EXPECT_FALSE(tcp.has(wire::flag_tc));
  EXPECT_EQ(tcp.answers.size(), 60U);
}

TEST(ComposeReply, StaleAnswersSaySo) {
  const auto seen = composed(query("www.example.net", Type::a, {.payload = 1232}), addresses(1), {},
                             {.age = 900s, .is_stale = true});

  EXPECT_EQ(seen.answers.at(0).ttl, 30U);
  EXPECT_EQ(seen.extended_error, 3);
}

TEST(KnownAnswer, IsToldForNoLongerThanItIsKept) {
  auto answer = addresses(2);
  const auto own = *answer.ttl;
  ASSERT_GT(own, std::chrono::seconds(7));

  cap_ttls(answer, own + std::chrono::seconds(1));
  EXPECT_EQ(answer.ttl, own);

  cap_ttls(answer, std::chrono::seconds(7));
  EXPECT_EQ(answer.ttl, std::chrono::seconds(7));
  ASSERT_FALSE(answer.ttl_offsets.empty());
  for (const auto offset : answer.ttl_offsets) {
    EXPECT_EQ(wire::load32(&answer.message[offset]), 7U);
  }
}

}  // namespace
}  // namespace paddock::dns::upstream
