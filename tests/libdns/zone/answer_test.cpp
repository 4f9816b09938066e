// SPDX-License-Identifier: Apache-2.0
#include "libdns/ask.hpp"

#include <paddock/dns/zone_file.hpp>

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

constexpr unsigned A = LDNS_RR_TYPE_A;
constexpr unsigned AAAA = LDNS_RR_TYPE_AAAA;
constexpr unsigned rd = 0x0100;

const std::string soa = "zone. 5 IN SOA ns.dns.zone. hostmaster.zone. 1700000000 7200 1800 86400 5";

TEST(Answer, GivesTheRecordsOfNameAndType) {
  const auto authority = authority_of(
      {zone("zone")},
      {a("web.zone", "10.0.0.1"), a("web.zone", "10.0.0.2"), a("web.zone", "fd00::1")});
  const auto reply = ask(*authority, {"web.zone", A});
  EXPECT_EQ(reply.id, 0x1234u);
  EXPECT_EQ(reply.rcode, 0u);
  EXPECT_TRUE(reply.aa());
  EXPECT_FALSE(reply.ra());
  EXPECT_EQ(reply.question, Lines{"web.zone."});
  EXPECT_EQ(sorted(reply.answer),
            (Lines{"web.zone. 5 IN A 10.0.0.1", "web.zone. 5 IN A 10.0.0.2"}));
  EXPECT_TRUE(reply.authority.empty());
  EXPECT_TRUE(reply.additional.empty());
  EXPECT_FALSE(reply.has_opt);
  EXPECT_EQ(ask(*authority, {"web.zone", AAAA}).answer, Lines{"web.zone. 5 IN AAAA fd00::1"});
}

TEST(Answer, EchoesTheCaseOfTheQuestion) {
  const auto authority = authority_of({zone("zone")}, {a("web.zone", "10.0.0.1")});
  const auto reply = ask(*authority, {"wEb.ZoNe", A});
  EXPECT_EQ(reply.question, Lines{"wEb.ZoNe."});
  EXPECT_EQ(reply.answer, Lines{"wEb.ZoNe. 5 IN A 10.0.0.1"});
}

TEST(Answer, NegativeRepliesCarryTheSoa) {
  const auto authority = authority_of({zone("zone")}, {a("web.shop.zone", "10.0.0.1")});
  struct Case {
    const char* name;
    unsigned type;
    unsigned rcode;
  };
  for (const Case& c :
       {Case{"zone", A, 0}, Case{"zone", LDNS_RR_TYPE_TXT, 0}, Case{"shop.zone", A, 0},
        Case{"web.shop.zone", AAAA, 0}, Case{"web.shop.zone", 666, 0}, Case{"web.shop.zone", 0, 0},
        Case{"web.shop.zone", 65535, 0}, Case{"x.zone", A, 3}, Case{"x.shop.zone", A, 3},
        Case{"x.web.shop.zone", A, 3}}) {
    const auto reply = ask(*authority, {c.name, c.type});
    EXPECT_EQ(reply.rcode, c.rcode) << c.name;
    EXPECT_TRUE(reply.aa()) << c.name;
    EXPECT_TRUE(reply.answer.empty()) << c.name;
    EXPECT_EQ(reply.authority, Lines{soa}) << c.name;
  }
}

TEST(Answer, SoaAndNameServersAtTheApex) {
  const auto authority = authority_of({zone("zone")}, {a("ns.dns.zone", "10.0.0.53")});
  EXPECT_EQ(ask(*authority, {"zone", LDNS_RR_TYPE_SOA}).answer, Lines{soa});
  const auto ns = ask(*authority, {"zone", LDNS_RR_TYPE_NS});
  EXPECT_EQ(ns.answer, Lines{"zone. 5 IN NS ns.dns.zone."});
  EXPECT_EQ(ns.additional, Lines{"ns.dns.zone. 5 IN A 10.0.0.53"});
  EXPECT_EQ(ask(*authority, {"dns.zone", LDNS_RR_TYPE_SOA}).authority, Lines{soa});
}

TEST(Answer, SoaTtlIsAtMostFiveMinutes) {
  ZoneSpec spec = zone("zone");
  spec.ttl = spec.negative_ttl = std::chrono::hours{1};
  EXPECT_EQ(ask(*authority_of({spec}, {}), {"x.zone", A}).authority.at(0),
            "zone. 300 IN SOA ns.dns.zone. hostmaster.zone. 1700000000 7200 1800 86400 3600");
  spec.ttl = spec.negative_ttl = std::chrono::seconds{0};
  EXPECT_EQ(ask(*authority_of({spec}, {}), {"x.zone", A}).authority.at(0),
            "zone. 0 IN SOA ns.dns.zone. hostmaster.zone. 1700000000 7200 1800 86400 0");
}

TEST(Answer, NamesOutsideAreRefusedOrForwarded) {
  const auto authority = authority_of({zone("zone")}, {});
  const auto reply = ask(*authority, {"example.com", A, Opt{}});
  EXPECT_EQ(reply.rcode, 5u);
  EXPECT_FALSE(reply.aa());
  EXPECT_EQ(reply.extended_error(), 20);
  EXPECT_EQ(action_of(*authority, {"example.com", A}, {.is_forwarding = true}), Action::forward);
  EXPECT_EQ(action_of(*authority, {".", LDNS_RR_TYPE_NS}, {.is_forwarding = true}),
            Action::forward);
  EXPECT_EQ(action_of(*authority, {"xzone", A}, {.is_forwarding = true}), Action::forward);
}

TEST(Answer, MissingNamesOfAForwardZoneGoUpstream) {
  ZoneSpec spec = zone("in-addr.arpa");
  spec.missing = Missing::forward;
  const auto authority = authority_of(
      {spec},
      {ptr_record(name("1.0.42.10.in-addr.arpa"), name("web.zone"), std::chrono::seconds{5})});
  const AnswerContext forwarding{.is_forwarding = true};
  EXPECT_EQ(ask(*authority, {"1.0.42.10.in-addr.arpa", LDNS_RR_TYPE_PTR}, forwarding).answer,
            Lines{"1.0.42.10.in-addr.arpa. 5 IN PTR web.zone."});
  EXPECT_EQ(action_of(*authority, {"8.8.8.8.in-addr.arpa", LDNS_RR_TYPE_PTR}, forwarding),
            Action::forward);
  EXPECT_EQ(ask(*authority, {"8.8.8.8.in-addr.arpa", LDNS_RR_TYPE_PTR}).rcode, 3u);
  EXPECT_EQ(ask(*authority, {"0.42.10.in-addr.arpa", LDNS_RR_TYPE_PTR}, forwarding).rcode, 0u);
  EXPECT_EQ(action_of(*authority, {"8.8.8.8.in-addr.arpa", LDNS_RR_TYPE_PTR},
                      {.is_forwarding = true, .is_ready = false}),
            Action::forward);
}

TEST(Answer, RecursionIsAvailableToThoseWhoWantIt) {
  const auto authority = authority_of({zone("zone")}, {a("web.zone", "10.0.0.1")});
  const AnswerContext forwarding{.is_forwarding = true};
  EXPECT_TRUE(ask(*authority, {.name = "web.zone", .flags = rd}, forwarding).ra());
  EXPECT_TRUE(ask(*authority, {.name = "web.zone", .flags = rd}, forwarding).rd());
  EXPECT_FALSE(ask(*authority, {.name = "web.zone"}, forwarding).ra());
  EXPECT_FALSE(ask(*authority, {.name = "web.zone", .flags = rd}).ra());
}

TEST(Answer, NotReadyIsServfailNeverNxdomain) {
  const auto authority = authority_of({zone("zone")}, {});
  for (const char* asked : {"zone", "web.zone"}) {
    const auto reply = ask(*authority, {asked, A, Opt{}}, {.is_ready = false});
    EXPECT_EQ(reply.rcode, 2u);
    EXPECT_EQ(reply.extended_error(), 14);
    EXPECT_TRUE(reply.authority.empty());
  }
}

TEST(Answer, StaleAnswersSayTheyAre) {
  const auto authority = authority_of({zone("zone")}, {a("web.zone", "10.0.0.1")});
  const AnswerContext stale{.is_stale = true};
  EXPECT_EQ(ask(*authority, {"web.zone", A, Opt{}}, stale).extended_error(), 3);
  EXPECT_EQ(ask(*authority, {"x.zone", A, Opt{}}, stale).extended_error(), 3);
  EXPECT_FALSE(ask(*authority, {"web.zone", A}, stale).has_opt);
}

TEST(Answer, FollowsCnamesInside) {
  const auto authority =
      authority_of({zone("zone"), zone("other")},
                   {cname("www.zone", "web.other"), cname("web.other", "deep.other"),
                    a("deep.other", "10.0.0.1"), cname("gone.zone", "missing.other"),
                    cname("empty.zone", "deep.other")});
  EXPECT_EQ(ask(*authority, {"www.zone", A}).answer,
            (Lines{"www.zone. 5 IN CNAME web.other.", "web.other. 5 IN CNAME deep.other.",
                   "deep.other. 5 IN A 10.0.0.1"}));
  EXPECT_EQ(ask(*authority, {"www.zone", LDNS_RR_TYPE_CNAME}).answer,
            Lines{"www.zone. 5 IN CNAME web.other."});

  const auto gone = ask(*authority, {"gone.zone", A});  // RFC 6604: the last name's rcode
  EXPECT_EQ(gone.rcode, 3u);
  EXPECT_EQ(gone.answer, Lines{"gone.zone. 5 IN CNAME missing.other."});
  EXPECT_EQ(gone.authority,
            Lines{"other. 5 IN SOA ns.dns.other. hostmaster.other. 1700000000 7200 1800 86400 5"});

  const auto empty = ask(*authority, {"empty.zone", LDNS_RR_TYPE_MX});
  EXPECT_EQ(empty.rcode, 0u);
  EXPECT_EQ(empty.answer, Lines{"empty.zone. 5 IN CNAME deep.other."});
  EXPECT_EQ(empty.authority.size(), 1u);
}

TEST(Answer, CnamesInACircleAreAllThereIsToSay) {
  const auto authority = authority_of(
      {zone("zone")},
      {cname("self.zone", "self.zone"), cname("a.zone", "b.zone"), cname("b.zone", "a.zone")});
  EXPECT_EQ(ask(*authority, {"self.zone", A}).rcode, 0u);
  EXPECT_EQ(ask(*authority, {"self.zone", A}).answer, Lines{"self.zone. 5 IN CNAME self.zone."});
  EXPECT_EQ(ask(*authority, {"a.zone", A}).answer,
            (Lines{"a.zone. 5 IN CNAME b.zone.", "b.zone. 5 IN CNAME a.zone."}));
}

TEST(Answer, CnamesThatLeaveTheZonesAreForTheServerToChase) {
  const auto authority = authority_of({zone("zone")}, {cname("www.zone", "www.example.com")});
  test::Bytes reply(1232);
  const auto query = encode(DnsQuery{.name = "www.zone", .type = AAAA, .flags = rd});
  const Outcome outcome = answer(*authority, query, {.is_forwarding = true}, reply);
  EXPECT_EQ(outcome.action, Action::chase);
  EXPECT_EQ(Name::from_wire(outcome.target).value(), name("www.example.com"));
  EXPECT_EQ(outcome.type, Type::aaaa);

  for (const unsigned flags : {0u, rd}) {  // without recursion, the CNAME is all there is to say
    const auto alone = ask(*authority, {.name = "www.zone", .type = AAAA, .flags = flags},
                           {.is_forwarding = flags == 0});
    EXPECT_EQ(alone.rcode, 0u);
    EXPECT_EQ(alone.answer, Lines{"www.zone. 5 IN CNAME www.example.com."});
  }
}

TEST(Answer, ACnameHidesOtherTypes) {
  const auto authority = authority_of(
      {zone("zone")},
      {cname("www.zone", "web.zone"), a("www.zone", "10.0.0.9"), a("web.zone", "10.0.0.1")});
  EXPECT_EQ(ask(*authority, {"www.zone", A}).answer,
            (Lines{"www.zone. 5 IN CNAME web.zone.", "web.zone. 5 IN A 10.0.0.1"}));
}

TEST(Answer, AnyIsAnsweredWithOneSet) {
  const auto authority =
      authority_of({zone("zone")}, {a("web.zone", "10.0.0.1"), a("web.zone", "fd00::1")});
  EXPECT_EQ(ask(*authority, {"web.zone", LDNS_RR_TYPE_ANY}).answer,
            Lines{"web.zone. 5 IN A 10.0.0.1"});
  EXPECT_EQ(ask(*authority, {"zone", LDNS_RR_TYPE_ANY}).answer.size(), 1u);
  EXPECT_EQ(ask(*authority, {"x.zone", LDNS_RR_TYPE_ANY}).rcode, 3u);
}

TEST(Answer, SrvBringsTheAddressesOfItsTargets) {
  const std::chrono::seconds ttl{5};
  const auto authority = authority_of(
      {zone("zone")},
      {srv_record(name("_http._tcp.web.zone"), {0, 50, 80, name("a.web.zone")}, ttl),
       srv_record(name("_http._tcp.web.zone"), {0, 50, 81, name("a.web.zone")}, ttl),
       srv_record(name("_http._tcp.web.zone"), {0, 50, 80, name("b.web.zone")}, ttl),
       a("a.web.zone", "10.0.0.1"), a("a.web.zone", "fd00::1"), a("b.web.zone", "10.0.0.2")});
  const auto reply = ask(*authority, {"_HTTP._tcp.web.zone", LDNS_RR_TYPE_SRV});
  EXPECT_EQ(reply.answer, (Lines{"_HTTP._tcp.web.zone. 5 IN SRV 0 50 80 a.web.zone.",
                                 "_HTTP._tcp.web.zone. 5 IN SRV 0 50 81 a.web.zone.",
                                 "_HTTP._tcp.web.zone. 5 IN SRV 0 50 80 b.web.zone."}));
  EXPECT_EQ(reply.additional, (Lines{"a.web.zone. 5 IN A 10.0.0.1", "a.web.zone. 5 IN AAAA fd00::1",
                                     "b.web.zone. 5 IN A 10.0.0.2"}));
}

TEST(Answer, TargetsOfServiceRecordsAreWrittenInFull) {  // RFC 2782
  const auto authority = authority_of(
      {zone("zone")}, {srv_record(name("_x._tcp.web.zone"), {0, 50, 80, name("a.web.zone")},
                                  std::chrono::seconds{5})});
  const auto reply =
      answer_bytes(*authority, encode(DnsQuery{"_x._tcp.web.zone", LDNS_RR_TYPE_SRV}));
  const Name target = name("a.web.zone");
  const auto whole = target.wire();
  ASSERT_GT(reply.size(), whole.size());
  EXPECT_EQ(std::string(reply.end() - static_cast<std::ptrdiff_t>(whole.size()), reply.end()),
            std::string(whole.begin(), whole.end()));
}

TEST(Answer, TheAddressesOfATargetAreThereOnce) {
  const auto srv = [](std::uint16_t priority, std::string_view target) {
    return srv_record(name("zone"), {priority, 1, 80, name(target)}, std::chrono::seconds{5});
  };
  const auto authority =
      authority_of({zone("zone")}, {srv(1, "a.zone"), srv(2, "b.zone"), srv(3, "a.zone"),
                                    a("a.zone", "10.0.0.1"), a("b.zone", "10.0.0.2")});
  const auto reply = ask(*authority, {"zone", LDNS_RR_TYPE_SRV});
  EXPECT_EQ(reply.answer.size(), 3u);
  EXPECT_EQ(reply.additional, (Lines{"a.zone. 5 IN A 10.0.0.1", "b.zone. 5 IN A 10.0.0.2"}));
}

TEST(Answer, BindingsBringTheAddressesOfTheirTargets) {
  const auto file = parse_zone_file(R"($TTL 5
@ SOA ns host 1 2 3 4 5
@ NS ns
www HTTPS 1 Web.example. alpn=h2
www HTTPS 2 web.example. port=8443
self HTTPS 1 . alpn=h2
self A 10.0.0.2
_foo SVCB 0 web.example.
none SVCB 0 .
none A 10.0.0.3
also CNAME self
apex HTTPS 0 self
named HTTPS 1 named port=1
named A 10.0.0.4
web A 10.0.0.1
web AAAA fd00::1
)",
                                    "z", name("example"))
                        .value();
  const auto authority = authority_of({file.zone}, file.records);
  const Lines web{"web.example. 5 IN A 10.0.0.1", "web.example. 5 IN AAAA fd00::1"};
  EXPECT_EQ(ask(*authority, {"www.example", LDNS_RR_TYPE_HTTPS}).additional, web);
  EXPECT_EQ(ask(*authority, {"_foo.example", LDNS_RR_TYPE_SVCB}).additional, web);
  EXPECT_EQ(ask(*authority, {"SELF.example", LDNS_RR_TYPE_HTTPS}).additional,
            Lines{"SELF.example. 5 IN A 10.0.0.2"});
  EXPECT_EQ(ask(*authority, {"also.example", LDNS_RR_TYPE_HTTPS}).additional,
            Lines{"self.example. 5 IN A 10.0.0.2"});
  EXPECT_TRUE(ask(*authority, {"none.example", LDNS_RR_TYPE_SVCB}).additional.empty());
  EXPECT_EQ(ask(*authority, {"apex.example", LDNS_RR_TYPE_HTTPS}).additional.size(), 2u);
  EXPECT_EQ(ask(*authority, {"named.example", LDNS_RR_TYPE_HTTPS}).additional,
            Lines{"named.example. 5 IN A 10.0.0.4"});
}

TEST(Answer, WildcardsCoverWhatDoesNotExist) {
  const auto authority =
      authority_of({zone("zone")}, {a("*.zone", "10.0.0.1"), a("web.shop.zone", "10.0.0.2")});
  EXPECT_EQ(ask(*authority, {"any.zone", A}).answer, Lines{"any.zone. 5 IN A 10.0.0.1"});
  EXPECT_EQ(ask(*authority, {"a.b.zone", A}).answer, Lines{"a.b.zone. 5 IN A 10.0.0.1"});
  EXPECT_EQ(ask(*authority, {"any.zone", AAAA}).authority, Lines{soa});
  EXPECT_EQ(ask(*authority, {"any.zone", AAAA}).rcode, 0u);
  EXPECT_EQ(ask(*authority, {"shop.zone", A}).rcode, 0u);
  EXPECT_TRUE(ask(*authority, {"shop.zone", A}).answer.empty());
  EXPECT_EQ(ask(*authority, {"x.shop.zone", A}).rcode, 3u);  // the encloser is shop.zone
}

TEST(Answer, TheMostSpecificZoneAnswers) {
  const auto authority =
      authority_of({zone("zone"), zone("sub.zone")}, {a("web.sub.zone", "10.0.0.1")});
  EXPECT_EQ(ask(*authority, {"x.sub.zone", A}).authority.at(0).substr(0, 9), "sub.zone.");
  EXPECT_EQ(ask(*authority, {"x.zone", A}).authority, Lines{soa});
  EXPECT_EQ(ask(*authority, {"web.sub.zone", A}).answer.size(), 1u);
}

TEST(Answer, DashedAddressesAnswerThemselves) {
  const auto authority = authority_of(
      {zone("zone")},
      {{.owner = name("shop.pod.zone"), .type = dashed_addresses, .ttl = std::chrono::seconds{9}}});
  EXPECT_EQ(ask(*authority, {"10-0-0-1.shop.pod.zone", A}).answer,
            Lines{"10-0-0-1.shop.pod.zone. 9 IN A 10.0.0.1"});
  EXPECT_EQ(ask(*authority, {"FD00--1.shop.pod.zone", AAAA}).answer,
            Lines{"FD00--1.shop.pod.zone. 9 IN AAAA fd00::1"});
  EXPECT_EQ(ask(*authority, {"fd00--0.shop.pod.zone", AAAA}).answer,
            Lines{"fd00--0.shop.pod.zone. 9 IN AAAA fd00::"});
  const auto other = ask(*authority, {"10-0-0-1.shop.pod.zone", AAAA});
  EXPECT_EQ(other.rcode, 0u);
  EXPECT_EQ(other.authority, Lines{soa});
  for (const char* missing :
       {"10-0-0.shop.pod.zone", "10-0-0-256.shop.pod.zone", "web.shop.pod.zone",
        "x.10-0-0-1.shop.pod.zone", "10-0-0-1.other.pod.zone"}) {
    EXPECT_EQ(ask(*authority, {missing, A}).rcode, 3u) << missing;
  }
}

TEST(Answer, TransfersAreRefused) {
  const auto authority = authority_of({zone("zone")}, {});
  EXPECT_EQ(ask(*authority, {"zone", LDNS_RR_TYPE_AXFR}).rcode, 5u);
  EXPECT_EQ(ask(*authority, {"zone", LDNS_RR_TYPE_IXFR}).rcode, 5u);
}

TEST(Answer, OtherClassesAreRefusedButTheServersOwnNames) {
  const auto authority = authority_of({zone("zone")}, {});
  const AnswerContext context{.server_id = "node-7", .version = "paddock 0.1.0"};
  const auto chaos = [&](const char* asked) {
    return ask(*authority, {.name = asked, .type = LDNS_RR_TYPE_TXT, .klass = LDNS_RR_CLASS_CH},
               context);
  };
  EXPECT_EQ(chaos("id.server").answer, Lines{"id.server. 0 CH TXT \"node-7\""});
  EXPECT_EQ(chaos("hostname.bind").answer, Lines{"hostname.bind. 0 CH TXT \"node-7\""});
  EXPECT_EQ(chaos("VERSION.bind").answer, Lines{"VERSION.bind. 0 CH TXT \"paddock 0.1.0\""});
  EXPECT_EQ(chaos("zone").rcode, 5u);
  EXPECT_EQ(
      ask(*authority, {.name = "id.server", .type = LDNS_RR_TYPE_TXT, .klass = LDNS_RR_CLASS_CH})
          .rcode,
      5u);
  for (const unsigned klass : {LDNS_RR_CLASS_NONE, LDNS_RR_CLASS_ANY, LDNS_RR_CLASS_HS}) {
    EXPECT_EQ(ask(*authority, {.name = "zone", .klass = klass}).rcode, 5u) << klass;
  }
}

TEST(Answer, SpecialUseNamesStayHere) {
  const auto authority = authority_of(special_use_zones(), special_use_records());
  const AnswerContext context{.is_forwarding = true, .is_ready = false, .is_stale = true};
  EXPECT_EQ(ask(*authority, {"localhost", A}, context).answer,
            Lines{"localhost. 3600 IN A 127.0.0.1"});
  EXPECT_EQ(ask(*authority, {"x.localhost", AAAA, Opt{}}, context).answer,
            Lines{"x.localhost. 3600 IN AAAA ::1"});
  EXPECT_EQ(ask(*authority, {"x.localhost", AAAA, Opt{}}, context).extended_error(), -1);
  EXPECT_EQ(ask(*authority, {"localhost", LDNS_RR_TYPE_MX}, context).rcode, 0u);
  EXPECT_EQ(ask(*authority, {"1.0.0.127.in-addr.arpa", LDNS_RR_TYPE_PTR}, context).answer,
            Lines{"1.0.0.127.in-addr.arpa. 3600 IN PTR localhost."});
  EXPECT_EQ(ask(*authority, {"2.0.0.127.in-addr.arpa", LDNS_RR_TYPE_PTR}, context).rcode, 3u);
  EXPECT_EQ(ask(*authority,
                {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
                 LDNS_RR_TYPE_PTR},
                context)
                .answer.size(),
            1u);
  const auto designated = ask(*authority, {"_dns.resolver.arpa", LDNS_RR_TYPE_SVCB}, context);
  EXPECT_EQ(designated.rcode, 0u);
  EXPECT_EQ(designated.answer.size(), 0u);
  for (const char* asked : {"x.invalid", "facebook.onion", "x.alt"}) {
    EXPECT_EQ(ask(*authority, {asked, A}, context).rcode, 3u) << asked;
  }
}

}  // namespace
}  // namespace paddock::dns
