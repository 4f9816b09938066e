// SPDX-License-Identifier: Apache-2.0
//
// Zones that bring their own SOA, delegations and DNAMEs.
#include "libdns/ask.hpp"

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

using namespace std::chrono_literals;

constexpr unsigned rd = 0x0100;
constexpr unsigned dnssec_ok = 0x8000;

Record of_name(Type type, std::string_view owner, std::string_view target) {
  Record record = cname_record(name(owner), name(target), 60s);
  record.type = type;
  return record;
}

Record ns(std::string_view owner, std::string_view target) {
  return of_name(Type::ns, owner, target);
}

ZoneSpec own_zone() {
  return {.origin = name("example"),
          .negative_ttl = 30s,
          .content = Content::fixed,
          .mname = name("ns.example"),
          .rname = name("host.example"),
          .own_soa = ZoneSpec::OwnSoa{.serial = 7, .ttl = 3600s}};
}

class Cuts : public ::testing::Test {
 protected:
  std::shared_ptr<const Authority> authority_ = authority_of(
      {own_zone()}, {ns("example", "ns.example"),
                     a("ns.example", "192.0.2.1"),
                     ns("sub.example", "ns1.sub.example"),
                     ns("sub.example", "ns.elsewhere"),
                     a("ns1.sub.example", "192.0.2.53"),
                     a("host.sub.example", "192.0.2.9"),
                     {.owner = name("sub.example"),
                      .type = Type::ds,
                      .ttl = 60s,
                      .data = std::string("\0\1\10\2xx", 6)},
                     of_name(Type::dname, "old.example", "new.example"),
                     a("old.example", "192.0.2.2"),
                     a("www.new.example", "192.0.2.3"),
                     of_name(Type::dname, "out.example", "outside.test"),
                     of_name(Type::dname, "ping.example", "pong.example"),
                     of_name(Type::dname, "pong.example", "ping.example"),
                     of_name(Type::dname, "long.example",
                             std::string(63, 'x') + "." + std::string(63, 'y') + ".test")});
};

TEST_F(Cuts, AZoneSaysItsOwnSoa) {
  const auto asked = ask(*authority_, {"example", LDNS_RR_TYPE_SOA});
  const auto denied = ask(*authority_, {"nothing.example"});

  EXPECT_EQ(asked.answer,
            Lines{"example. 3600 IN SOA ns.example. host.example. 7 7200 1800 86400 30"});
  EXPECT_EQ(denied.authority,
            Lines{"example. 30 IN SOA ns.example. host.example. 7 7200 1800 86400 30"});
  EXPECT_EQ(ask(*authority_, {"example", LDNS_RR_TYPE_NS}).answer,
            Lines{"example. 60 IN NS ns.example."});
}

TEST_F(Cuts, ASoaIsReplaced) {
  AuthorityBuilder builder({own_zone()});
  builder.put("file", std::vector{ns("example", "ns.example"), a("*.example", "192.0.2.1")});
  builder.snapshot(test_time);
  auto next = own_zone();
  next.own_soa->serial = 8;
  next.mname = name("other.test");

  EXPECT_TRUE(builder.set_zone(next));
  next.origin = name("unknown");
  EXPECT_FALSE(builder.set_zone(next));

  const auto authority = builder.snapshot(test_time);
  EXPECT_EQ(ask(*authority, {"example", LDNS_RR_TYPE_SOA}).answer,
            Lines{"example. 3600 IN SOA other.test. host.example. 8 7200 1800 86400 30"});
  EXPECT_EQ(ask(*authority, {"wild.example"}).answer.size(), 1u);
}

TEST_F(Cuts, ADelegationIsAReferralWithGlue) {
  for (const char* asked : {"sub.example", "host.sub.example", "no.such.sub.example"}) {
    const auto reply = ask(*authority_, {asked});

    EXPECT_EQ(reply.rcode, 0u);
    EXPECT_FALSE(reply.aa());
    EXPECT_TRUE(reply.answer.empty());
    EXPECT_EQ(sorted(reply.authority), (Lines{"sub.example. 60 IN NS ns.elsewhere.",
                                              "sub.example. 60 IN NS ns1.sub.example."}));
    EXPECT_EQ(reply.additional, Lines{"ns1.sub.example. 5 IN A 192.0.2.53"});
  }
}

TEST_F(Cuts, WhoAsksForDnssecSeesTheSignersOfADelegation) {
  const auto reply =
      ask(*authority_, {"host.sub.example", LDNS_RR_TYPE_A, Opt{.flags = dnssec_ok}});

  EXPECT_EQ(reply.authority.size(), 3u);
  EXPECT_EQ(reply.authority.back(), "sub.example. 60 IN DS 1 8 2 7878");
}

TEST_F(Cuts, TheSignersAreTheParents) {
  const auto reply = ask(*authority_, {"sub.example", LDNS_RR_TYPE_DS});

  EXPECT_TRUE(reply.aa());
  EXPECT_EQ(reply.answer, Lines{"sub.example. 60 IN DS 1 8 2 7878"});
}

TEST_F(Cuts, AResolverAsksBelowADelegationItself) {
  const AnswerContext resolver{.is_forwarding = true};

  EXPECT_EQ(action_of(*authority_, {.name = "host.sub.example", .flags = rd}, resolver),
            Action::forward);
  EXPECT_EQ(ask(*authority_, {"host.sub.example"}, resolver).authority.size(), 2u);
}

TEST_F(Cuts, ADnameLeadsOn) {
  const auto reply = ask(*authority_, {"www.old.example"});

  EXPECT_TRUE(reply.aa());
  EXPECT_EQ(reply.answer, (Lines{"old.example. 60 IN DNAME new.example.",
                                 "www.old.example. 60 IN CNAME www.new.example.",
                                 "www.new.example. 5 IN A 192.0.2.3"}));
}

TEST_F(Cuts, TheCnameThatADnameMakesIsTheAnswerForWhoAsksForIt) {
  const auto reply = ask(*authority_, {"gone.old.example", LDNS_RR_TYPE_CNAME});

  EXPECT_EQ(reply.rcode, 0u);
  EXPECT_EQ(reply.answer, (Lines{"old.example. 60 IN DNAME new.example.",
                                 "gone.old.example. 60 IN CNAME gone.new.example."}));
  EXPECT_TRUE(reply.authority.empty());
}

TEST_F(Cuts, ADnameIsNotForItsOwnName) {
  EXPECT_EQ(ask(*authority_, {"old.example"}).answer, Lines{"old.example. 5 IN A 192.0.2.2"});
  EXPECT_EQ(ask(*authority_, {"old.example", LDNS_RR_TYPE_DNAME}).answer,
            Lines{"old.example. 60 IN DNAME new.example."});
}

TEST_F(Cuts, WhatADnameMakesMayNotExist) {
  const auto reply = ask(*authority_, {"gone.old.example"});

  EXPECT_EQ(reply.rcode, 3u);
  EXPECT_EQ(reply.answer.size(), 2u);
  EXPECT_EQ(reply.authority.size(), 1u);
}

TEST_F(Cuts, ADnameMayLeadOutside) {
  EXPECT_EQ(ask(*authority_, {"x.out.example"}).answer.back(),
            "x.out.example. 60 IN CNAME x.outside.test.");
  EXPECT_EQ(action_of(*authority_, {.name = "x.out.example", .flags = rd}, {.is_forwarding = true}),
            Action::chase);
}

TEST_F(Cuts, ANameThatBecomesTooLongIsYxdomain) {
  const std::string label(63, 'a');
  const auto reply = ask(*authority_, {label + "." + label + ".long.example"});

  EXPECT_EQ(reply.rcode, 6u);
  EXPECT_EQ(reply.answer.size(), 1u);
}

TEST_F(Cuts, DnamesInACircleAreServfail) {
  EXPECT_EQ(ask(*authority_, {"x.ping.example", LDNS_RR_TYPE_A, Opt{}}).rcode, 2u);
}

}  // namespace
}  // namespace paddock::dns
