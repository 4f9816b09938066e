// SPDX-License-Identifier: Apache-2.0
//
// Asking an Authority in tests: records in zone-file words, a query in, what ldns makes of the
// reply out.
#pragma once

#include "support/dns_query.hpp"

#include <paddock/dns/answer.hpp>
#include <paddock/dns/naming.hpp>
#include <paddock/dns/zone.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace paddock::dns {

using test::DnsQuery;
using test::DnsReply;
using test::Opt;
using test::operator+;

inline constexpr std::chrono::system_clock::time_point test_time{std::chrono::seconds{1700000000}};

inline Name name(std::string_view text) { return Name::parse(text).value(); }

inline boost::asio::ip::address ip(const char* text) { return boost::asio::ip::make_address(text); }

inline Record a(std::string_view owner, const char* address, int ttl = 5) {
  return address_record(name(owner), ip(address), std::chrono::seconds{ttl});
}

inline Record cname(std::string_view owner, std::string_view target) {
  return cname_record(name(owner), name(target), std::chrono::seconds{5});
}

inline ZoneSpec zone(std::string_view origin) { return {.origin = name(origin)}; }

inline std::shared_ptr<const Authority> authority_of(std::vector<ZoneSpec> zones,
                                                     const std::vector<Record>& records) {
  AuthorityBuilder builder(std::move(zones));
  const auto problems = builder.put("test", records);
  EXPECT_TRUE(problems.empty()) << problems.front().subject << ' ' << problems.front().text;
  return builder.snapshot(test_time);
}

// The reply's bytes; empty unless the action is reply or chase.
inline test::Bytes answer_bytes(const Authority& authority, const test::Bytes& query,
                                const AnswerContext& context = {}, Action* action = nullptr) {
  test::Bytes reply(65535, 0xEE);
  const Outcome outcome = answer(authority, query, context, reply);
  if (action != nullptr) *action = outcome.action;
  reply.resize(outcome.size);
  return reply;
}

// Asks and decodes; the action must be reply.
inline DnsReply ask(const Authority& authority, const DnsQuery& query,
                    const AnswerContext& context = {}) {
  Action action{};
  const test::Bytes reply = answer_bytes(authority, encode(query), context, &action);
  EXPECT_EQ(action, Action::reply) << query.name;
  return reply.empty() ? DnsReply{} : test::decode(reply);
}

inline Action action_of(const Authority& authority, const DnsQuery& query,
                        const AnswerContext& context = {}) {
  Action action{};
  answer_bytes(authority, encode(query), context, &action);
  return action;
}

using Lines = std::vector<std::string>;

inline Lines sorted(Lines lines) {
  std::ranges::sort(lines);
  return lines;
}

}  // namespace paddock::dns
