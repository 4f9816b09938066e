// SPDX-License-Identifier: Apache-2.0
//
// What must hold for every reply, whatever is asked: random questions put to zones with everything
// in them, the replies read by ldns.
#include "libdns/ask.hpp"

#include <paddock/dns/skydns.hpp>
#include <paddock/dns/zone_file.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace paddock::dns {
namespace {

using namespace std::chrono_literals;

constexpr const char* zone_text = R"($TTL 60
@ SOA ns host 1 2 3 4 5
@ NS ns
@ NS ns.elsewhere.
@ MX 10 mail
ns A 192.0.2.1
mail AAAA 2001:db8::1
*.wild TXT "any"
*.wild A 192.0.2.2
a.b.c CNAME d
d CNAME e.wild
loop CNAME loop2
loop2 CNAME loop
out CNAME www.other.test.
old DNAME new
x.new A 192.0.2.3
deep.old2 A 192.0.2.4
far DNAME outside.test.
sub NS ns.sub
sub NS ns.elsewhere.
ns.sub A 192.0.2.53
svc SRV 1 2 3 mail
svc SRV 1 2 4 ns
mail HTTPS 1 . alpn=h2
svc HTTPS 2 mail port=8443
txt TXT "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
)";

std::shared_ptr<const Authority> everything() {
  const auto file = parse_zone_file(zone_text, "z", name("example")).value();
  SkyDnsNames tree({.ttl = 60s});
  tree.set_content(Content::fixed);
  auto zones = tree.zones();
  zones.push_back(file.zone);
  zones.push_back(zone("cluster"));
  AuthorityBuilder builder(zones);
  builder.put("file", file.records);
  std::vector<Record> many;
  for (int i = 0; i < 200; ++i) {
    many.push_back(a("many.cluster", ("10.0.1." + std::to_string(i)).c_str()));
    many.push_back(srv_record(name("many.cluster"),
                              {0, 1, 80, name("n" + std::to_string(i) + ".cluster")}, 5s));
    many.push_back(a("n" + std::to_string(i) + ".cluster", "10.0.2.1"));
  }
  many.push_back({.owner = name("pods.cluster"), .type = dashed_addresses, .ttl = 5s});
  builder.put("many", many);
  for (const char* key : {"db/a", "db/b", "www"}) {
    (void)tree.set(std::string("/skydns/local/skydns/") + key, R"({"host":"10.0.3.1","text":"t"})");
  }
  (void)tree.set("/skydns/local/skydns/alias", R"({"host":"www.skydns.local"})");
  tree.contribute(builder, test_time);
  return builder.snapshot(test_time);
}

class RandomQueries : public ::testing::Test {
 protected:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_()) % bound; }

  template <class T>
  const T& one_of(const std::vector<T>& choices) {
    return choices[below(static_cast<unsigned>(choices.size()))];
  }

  std::string any_name() {
    static const std::vector<std::string> labels{
        "a",        "b",   "c",   "d",     "e",    "x",    "old",
        "new",      "far", "sub", "ns",    "wild", "*",    "any",
        "loop",     "out", "svc", "txt",   "many", "n7",   "pods",
        "10-0-0-1", "db",  "www", "alias", "dns",  "deep", std::string(63, 'y')};
    static const std::vector<std::string> origins{"example", "cluster", "skydns.local", "other",
                                                  "in-addr.arpa"};
    std::string text;
    for (unsigned i = below(4); i > 0; --i) text += one_of(labels) + ".";
    text += one_of(origins);
    for (char& c : text) c = below(4) == 0 ? static_cast<char>(std::toupper(c)) : c;
    return text;
  }

  DnsQuery any_query() {
    static const std::vector<unsigned> types{1,  2,  5,  6,  12, 15, 16,  28,
                                             33, 35, 39, 43, 46, 65, 255, 666};
    static const std::vector<unsigned> flags{0, 0x0100, 0x0010, 0x0020, 0x07F0};
    DnsQuery query{
        .name = any_name(), .type = one_of(types), .flags = one_of(flags), .id = below(65536)};
    if (below(2) == 0) {
      query.opt = Opt{.payload = 100 + below(2000), .flags = below(2) == 0 ? 0x8000u : 0u};
    }
    return query;
  }

  std::shared_ptr<const Authority> authority_ = everything();
  std::minstd_rand random_{20261128};
};

std::string owner_of(const std::string& line) { return line.substr(0, line.find(' ')); }

// Owner, class and type of a record, and its TTL.
std::pair<std::string, std::string> set_and_ttl(const std::string& line) {
  std::istringstream words(line);
  std::string owner, ttl, klass, type;
  words >> owner >> ttl >> klass >> type;
  return {owner + " " + type, ttl};
}

std::string type_of(const std::string& line) {
  const auto set = set_and_ttl(line).first;
  return set.substr(set.find(' ') + 1);
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(c));
  return text;
}

void expect_sound(const DnsQuery& query, const DnsReply& reply) {
  EXPECT_EQ(reply.id, query.id);
  EXPECT_EQ(reply.question, Lines{query.name + "."});
  EXPECT_EQ(reply.has_opt, query.opt.has_value());
  const std::size_t limit = query.opt ? std::clamp(query.opt->payload, 512u, 1232u) : 512;
  EXPECT_LE(reply.size, limit);
  std::map<std::string, std::string> ttls;
  for (const auto* section : {&reply.answer, &reply.authority, &reply.additional}) {
    for (const auto& line : *section) {
      const auto [set, ttl] = set_and_ttl(line);
      EXPECT_EQ(ttls.try_emplace(lower(set), ttl).first->second, ttl) << line;
    }
  }
  EXPECT_EQ(std::set(reply.answer.begin(), reply.answer.end()).size(), reply.answer.size());
}

// The answer begins at the name that was asked and goes on where CNAMEs lead.
void expect_chain(const DnsQuery& query, const DnsReply& reply) {
  std::string at = lower(query.name) + ".";
  for (const auto& line : reply.answer) {
    const auto owner = lower(owner_of(line));
    if (type_of(line) == "DNAME") {
      EXPECT_TRUE(at == owner || at.ends_with("." + owner)) << line;
    } else {
      EXPECT_EQ(owner, at) << line;
    }
    if (type_of(line) == "CNAME") at = lower(line.substr(line.rfind(' ') + 1));
  }
}

void expect_consistent(const DnsReply& reply) {
  const bool has_soa = reply.authority.size() == 1 && type_of(reply.authority[0]) == "SOA";
  if (reply.tc() || reply.rcode == 2 || reply.rcode == 5 || reply.rcode == 6) return;
  if (reply.rcode == 3) {
    EXPECT_TRUE(has_soa);
    for (const auto& line : reply.answer) {
      EXPECT_TRUE(type_of(line) == "CNAME" || type_of(line) == "DNAME") << line;
    }
  } else {
    EXPECT_EQ(reply.rcode, 0u);
    const bool is_referral = !reply.authority.empty() && type_of(reply.authority[0]) == "NS";
    EXPECT_TRUE(!reply.answer.empty() || has_soa || is_referral);
    EXPECT_EQ(reply.aa(), !is_referral || !reply.answer.empty());
  }
}

TEST_F(RandomQueries, EveryReplyIsSound) {
  for (int i = 0; i < 20'000 && !HasFailure(); ++i) {
    const DnsQuery query = any_query();
    SCOPED_TRACE(query.name + " type " + std::to_string(query.type));
    const auto reply = ask(*authority_, query, {.rotation = below(1000)});

    expect_sound(query, reply);
    expect_chain(query, reply);
    expect_consistent(reply);
  }
}

TEST_F(RandomQueries, WhatIsCutShortSaysSoAndHasNothingElse) {
  int truncated = 0;
  for (int i = 0; i < 20'000 && !HasFailure(); ++i) {
    const DnsQuery query = any_query();
    SCOPED_TRACE(query.name + " type " + std::to_string(query.type));
    const unsigned rotation = below(1000);
    const auto udp = ask(*authority_, query, {.rotation = rotation});
    const auto tcp = ask(*authority_, query, {.transport = Transport::tcp, .rotation = rotation});

    EXPECT_FALSE(tcp.tc());
    const std::set<std::string> whole(tcp.answer.begin(), tcp.answer.end());
    for (const auto& line : udp.answer) EXPECT_TRUE(whole.contains(line)) << line;
    if (!udp.tc()) {
      EXPECT_EQ(udp.answer.size(), tcp.answer.size());
      EXPECT_EQ(sorted(udp.authority), sorted(tcp.authority));
      EXPECT_EQ(udp.rcode, tcp.rcode);
    }
    truncated += udp.tc() ? 1 : 0;
  }
  EXPECT_GT(truncated, 0);
}

TEST_F(RandomQueries, DamagedQueriesGetSomethingReadableOrNothing) {
  for (int i = 0; i < 20'000 && !HasFailure(); ++i) {
    auto bytes = encode(any_query());
    for (unsigned n = 1 + below(4); n > 0; --n) {
      bytes[below(static_cast<unsigned>(bytes.size()))] = static_cast<std::uint8_t>(below(256));
    }
    if (below(4) == 0) bytes.resize(below(static_cast<unsigned>(bytes.size()) + 1));
    Action action{};

    const auto reply = answer_bytes(*authority_, bytes, {}, &action);

    if (action != Action::reply) continue;
    ASSERT_GE(reply.size(), 12u);
    EXPECT_EQ(reply[0], bytes[0]);
    EXPECT_EQ(reply[1], bytes[1]);
    EXPECT_TRUE((reply[2] & 0x80) != 0);
    test::decode(reply);
  }
}

}  // namespace
}  // namespace paddock::dns
