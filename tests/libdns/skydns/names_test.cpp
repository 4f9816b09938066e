// SPDX-License-Identifier: Apache-2.0
//
// A tree of entries, and what is answered of it.
#include "libdns/ask.hpp"

#include <paddock/dns/skydns.hpp>

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

using namespace std::chrono_literals;

class SkyDns : public ::testing::Test {
 protected:
  SkyDns() : names_(options()), builder_(names_.zones()) { names_.set_content(Content::fixed); }

  static SkyDnsNames::Options options() {
    return {.ttl = 3600s, .server_addresses = {ip("192.0.2.53")}};
  }

  void set(const std::string& key, std::string_view json,
           std::optional<std::chrono::seconds> lease = {}) {
    const auto done = names_.set("/skydns/" + key, json, lease);
    EXPECT_TRUE(done) << done.error().text;
  }

  DnsReply query(const char* owner, unsigned type = LDNS_RR_TYPE_A) {
    names_.contribute(builder_, test_time);
    return ask(*builder_.snapshot(test_time), {owner, type, Opt{}});
  }

  Lines answer(const char* owner, unsigned type = LDNS_RR_TYPE_A) {
    return sorted(query(owner, type).answer);
  }

  std::string error_of(std::string_view key, std::string_view json) {
    const auto done = names_.set(key, json);
    return done ? "" : done.error().text;
  }

  SkyDnsNames names_;
  AuthorityBuilder builder_;
};

TEST_F(SkyDns, ANameAnswersForAllBelowIt) {
  set("local/skydns/east/production/rails/1", R"({"host":"10.0.0.1","port":8080})");
  set("local/skydns/east/production/rails/2", R"({"host":"10.0.0.2","port":8081,"ttl":60})");
  set("local/skydns/west/production/rails/3", R"({"host":"fd00::3","port":8082})");

  EXPECT_EQ(answer("1.rails.production.east.skydns.local"),
            Lines{"1.rails.production.east.skydns.local. 3600 IN A 10.0.0.1"});
  EXPECT_EQ(answer("rails.production.east.skydns.local"),
            (Lines{"rails.production.east.skydns.local. 60 IN A 10.0.0.1",
                   "rails.production.east.skydns.local. 60 IN A 10.0.0.2"}));
  EXPECT_EQ(answer("skydns.local").size(), 2u);
  EXPECT_EQ(answer("skydns.local", LDNS_RR_TYPE_AAAA), Lines{"skydns.local. 3600 IN AAAA fd00::3"});
  EXPECT_EQ(query("west.skydns.local").rcode, 0u);
  EXPECT_EQ(query("north.skydns.local").rcode, 3u);
}

TEST_F(SkyDns, ANameAboveManyEntriesAnswersForThoseNearestToIt) {
  for (int i = 0; i < 1000; ++i) {
    set("local/skydns/far/away/" + std::to_string(i),
        R"({"host":"10.1.)" + std::to_string(i / 256) + "." + std::to_string(i % 256) + R"("})");
  }
  set("local/skydns/near", R"({"host":"10.0.0.1"})");

  const auto all = [&] {
    names_.contribute(builder_, test_time);
    return ask(*builder_.snapshot(test_time), {"skydns.local"}, {.transport = Transport::tcp})
        .answer;
  };
  const auto addresses = all();
  EXPECT_EQ(addresses.size(), 512u);
  EXPECT_EQ(std::ranges::count(addresses, "skydns.local. 3600 IN A 10.0.0.1"), 1);
  EXPECT_EQ(answer("999.away.far.skydns.local").size(), 1u);

  names_.erase("/skydns/local/skydns/near");
  EXPECT_EQ(all().size(), 512u);
  EXPECT_EQ(query("near.skydns.local").rcode, 3u);
}

TEST_F(SkyDns, AnyLabelMatchesWhereItIsAsked) {
  set("local/skydns/east/production/rails/1", R"({"host":"10.0.0.1"})");
  set("local/skydns/east/staging/rails/2", R"({"host":"10.0.0.2"})");
  set("local/skydns/west/production/web/3", R"({"host":"10.0.0.3"})");

  EXPECT_EQ(answer("rails.*.east.skydns.local"),
            (Lines{"rails.*.east.skydns.local. 3600 IN A 10.0.0.1",
                   "rails.*.east.skydns.local. 3600 IN A 10.0.0.2"}));
  EXPECT_EQ(answer("any.production.any.skydns.local").size(), 2u);
  EXPECT_EQ(answer("*.skydns.local").size(), 3u);
  EXPECT_EQ(answer("1.*.*.*.skydns.local").size(), 1u);
  EXPECT_EQ(query("9.*.*.*.skydns.local").rcode, 3u);
  EXPECT_EQ(query("nosuch.production.east.skydns.local").rcode, 3u) << "no wildcard of RFC 4592";
}

TEST_F(SkyDns, ServicesShareTheWeightOfTheirPriority) {
  set("local/skydns/db/a", R"({"host":"10.0.0.1","port":1,"priority":10,"weight":300})");
  set("local/skydns/db/b", R"({"host":"10.0.0.2","port":2})");
  set("local/skydns/db/c", R"({"host":"db.example.com","port":3,"priority":20})");

  const auto reply = query("db.skydns.local", LDNS_RR_TYPE_SRV);

  EXPECT_EQ(sorted(reply.answer), (Lines{"db.skydns.local. 3600 IN SRV 10 25 2 b.db.skydns.local.",
                                         "db.skydns.local. 3600 IN SRV 10 75 1 a.db.skydns.local.",
                                         "db.skydns.local. 3600 IN SRV 20 100 3 db.example.com."}));
  EXPECT_EQ(sorted(reply.additional), (Lines{"a.db.skydns.local. 3600 IN A 10.0.0.1",
                                             "b.db.skydns.local. 3600 IN A 10.0.0.2"}));
}

TEST_F(SkyDns, TargetsMayBeCutShort) {
  set("local/skydns/web/4a3f", R"({"host":"10.0.0.1","port":80,"targetstrip":1})");

  EXPECT_EQ(answer("web.skydns.local", LDNS_RR_TYPE_SRV),
            Lines{"web.skydns.local. 3600 IN SRV 10 100 80 web.skydns.local."});
}

TEST_F(SkyDns, AHostThatIsANameIsFollowed) {
  set("local/skydns/www", R"({"host":"web.skydns.local"})");
  set("local/skydns/web/1", R"({"host":"10.0.0.1"})");
  set("local/skydns/out", R"({"host":"example.com","port":443,"text":"note"})");

  EXPECT_EQ(query("www.skydns.local").answer,
            (Lines{"www.skydns.local. 3600 IN CNAME web.skydns.local.",
                   "web.skydns.local. 3600 IN A 10.0.0.1"}));
  EXPECT_EQ(answer("out.skydns.local"), Lines{"out.skydns.local. 3600 IN CNAME example.com."});
  EXPECT_EQ(answer("out.skydns.local", LDNS_RR_TYPE_TXT),
            Lines{"out.skydns.local. 3600 IN TXT \"note\""});
  EXPECT_EQ(answer("out.skydns.local", LDNS_RR_TYPE_SRV),
            Lines{"out.skydns.local. 3600 IN SRV 10 100 443 example.com."});
}

TEST_F(SkyDns, GroupsAreAnsweredTogether) {
  set("local/skydns/g/x", R"({"host":"10.0.0.1","group":"g1"})");
  set("local/skydns/g/sub/y", R"({"host":"10.0.0.2","group":"g2"})");
  set("local/skydns/g/sub/z", R"({"host":"10.0.0.3","group":"g1"})");
  set("local/skydns/g/w", R"({"host":"10.0.0.4","group":"g1"})");
  set("local/skydns/g/sub/v", R"({"host":"10.0.0.7"})");
  set("local/skydns/h/x", R"({"host":"10.0.0.5","group":"g1"})");
  set("local/skydns/h/y", R"({"host":"10.0.0.6","group":"g2"})");

  EXPECT_EQ(answer("g.skydns.local").size(), 4u) << "g1 and no group";
  EXPECT_EQ(answer("h.skydns.local").size(), 2u) << "they disagree";
}

TEST_F(SkyDns, EntriesThatSayTheSameShareNoWeight) {
  set("local/skydns/web/a", R"({"host":"www.example.com"})");
  set("local/skydns/web/b", R"({"host":"www.example.com"})");
  EXPECT_EQ(answer("*.web.skydns.local", LDNS_RR_TYPE_SRV),
            Lines{"*.web.skydns.local. 3600 IN SRV 10 100 0 www.example.com."});

  set("local/skydns/web/b", R"({"host":"www.example.com","port":80})");
  EXPECT_EQ(answer("web.skydns.local", LDNS_RR_TYPE_SRV),
            (Lines{"web.skydns.local. 3600 IN SRV 10 50 0 www.example.com.",
                   "web.skydns.local. 3600 IN SRV 10 50 80 www.example.com."}));
}

TEST_F(SkyDns, ANameForHostIsAnAliasForAddressesOnly) {
  set("local/skydns/web", R"({"host":"www.example.com"})");
  EXPECT_EQ(answer("web.skydns.local", LDNS_RR_TYPE_AAAA),
            Lines{"web.skydns.local. 3600 IN CNAME www.example.com."});
  EXPECT_EQ(answer("web.skydns.local", LDNS_RR_TYPE_CNAME).size(), 1u);
  for (const unsigned type : {LDNS_RR_TYPE_MX, LDNS_RR_TYPE_TXT}) {
    const auto reply = query("web.skydns.local", type);
    EXPECT_EQ(reply.rcode, 0u);
    EXPECT_TRUE(reply.answer.empty());
    EXPECT_EQ(reply.authority.size(), 1u);
  }
}

TEST_F(SkyDns, AnAliasThatMailGoesToIsFollowedInTheAdditionalSection) {
  set("local/skydns/mail/a", R"({"host":"mx.skydns.local","mail":true,"priority":50})");
  set("local/skydns/mx", R"({"host":"a.hosts.skydns.local"})");
  set("local/skydns/hosts/a", R"({"host":"10.0.0.1"})");
  EXPECT_EQ(sorted(query("a.mail.skydns.local", LDNS_RR_TYPE_MX).additional),
            (Lines{"a.hosts.skydns.local. 3600 IN A 10.0.0.1",
                   "mx.skydns.local. 3600 IN CNAME a.hosts.skydns.local."}));
}

TEST_F(SkyDns, MailAndText) {
  set("local/skydns/m/a", R"({"host":"10.0.0.1","mail":true,"priority":20})");
  set("local/skydns/m/b", R"({"host":"mx.example.com","mail":true})");
  set("local/skydns/t", R"({"text":"v=spf1 -all"})");

  EXPECT_EQ(answer("m.skydns.local", LDNS_RR_TYPE_MX),
            (Lines{"m.skydns.local. 3600 IN MX 10 mx.example.com.",
                   "m.skydns.local. 3600 IN MX 20 a.m.skydns.local."}));
  EXPECT_EQ(answer("t.skydns.local", LDNS_RR_TYPE_TXT),
            Lines{"t.skydns.local. 3600 IN TXT \"v=spf1 -all\""});
  EXPECT_EQ(query("t.skydns.local").rcode, 0u);
}

TEST_F(SkyDns, ReverseNames) {
  set("arpa/in-addr/10/0/0/1", R"({"host":"web.skydns.local"})");

  EXPECT_EQ(answer("1.0.0.10.in-addr.arpa", LDNS_RR_TYPE_PTR),
            Lines{"1.0.0.10.in-addr.arpa. 3600 IN PTR web.skydns.local."});
}

TEST_F(SkyDns, TheApexHasItsOwnEntries) {
  EXPECT_EQ(answer("skydns.local", LDNS_RR_TYPE_NS),
            Lines{"skydns.local. 3600 IN NS ns.dns.skydns.local."});
  EXPECT_EQ(answer("ns.dns.skydns.local"), Lines{"ns.dns.skydns.local. 3600 IN A 192.0.2.53"});
  EXPECT_EQ(answer("local.dns.skydns.local").size(), 1u);

  set("local/skydns/dns/ns/ns1", R"({"host":"192.0.2.1"})");
  set("local/skydns/dns/apex/x", R"({"host":"192.0.2.2","text":"apex"})");
  set("local/skydns/web", R"({"host":"192.0.2.3"})");

  EXPECT_EQ(answer("skydns.local", LDNS_RR_TYPE_NS),
            Lines{"skydns.local. 3600 IN NS ns1.ns.dns.skydns.local."});
  EXPECT_EQ(query("skydns.local", LDNS_RR_TYPE_NS).additional,
            Lines{"ns1.ns.dns.skydns.local. 3600 IN A 192.0.2.1"});
  EXPECT_EQ(answer("skydns.local"), Lines{"skydns.local. 3600 IN A 192.0.2.2"});
  EXPECT_EQ(answer("skydns.local", LDNS_RR_TYPE_TXT), Lines{"skydns.local. 3600 IN TXT \"apex\""});
  EXPECT_EQ(answer("*.skydns.local"), Lines{"*.skydns.local. 3600 IN A 192.0.2.3"});
}

TEST_F(SkyDns, NegativeAnswersCarryTheSoa) {
  const Lines soa{
      "skydns.local. 60 IN SOA ns.dns.skydns.local. hostmaster.skydns.local. 1700000000 28800 7200 "
      "604800 60"};
  set("local/skydns/web", R"({"host":"192.0.2.3"})");

  EXPECT_EQ(query("no.skydns.local").authority, soa);
  EXPECT_EQ(query("web.skydns.local", LDNS_RR_TYPE_AAAA).authority, soa);
}

TEST_F(SkyDns, NothingOutlivesItsLease) {
  set("local/skydns/a", R"({"host":"10.0.0.1","ttl":600})", 30s);
  set("local/skydns/b", R"({"host":"10.0.0.2"})", 20s);
  set("local/skydns/c", R"({"host":"10.0.0.3","ttl":5})", 20s);

  EXPECT_EQ(answer("a.skydns.local"), Lines{"a.skydns.local. 30 IN A 10.0.0.1"});
  EXPECT_EQ(answer("b.skydns.local"), Lines{"b.skydns.local. 20 IN A 10.0.0.2"});
  EXPECT_EQ(answer("c.skydns.local"), Lines{"c.skydns.local. 5 IN A 10.0.0.3"});
}

TEST_F(SkyDns, ChangesReachEveryNameAbove) {
  set("local/skydns/db/a", R"({"host":"10.0.0.1"})");
  set("local/skydns/db/b", R"({"host":"10.0.0.2"})");
  EXPECT_EQ(answer("*.db.skydns.local").size(), 2u);

  names_.erase("/skydns/local/skydns/db/a");
  set("local/skydns/db/b", R"({"host":"10.0.0.9"})");

  EXPECT_EQ(answer("db.skydns.local"), Lines{"db.skydns.local. 3600 IN A 10.0.0.9"});
  EXPECT_EQ(answer("*.db.skydns.local"), Lines{"*.db.skydns.local. 3600 IN A 10.0.0.9"});
  EXPECT_EQ(query("a.db.skydns.local").rcode, 3u);
  names_.erase("/skydns/local/skydns/db/b");
  EXPECT_EQ(query("db.skydns.local").rcode, 3u);
}

TEST_F(SkyDns, WhatNobodySaidIsNotDenied) {
  set("local/skydns/db/a", R"({"host":"10.0.0.1"})");
  names_.set_content(Content::unknown);
  EXPECT_EQ(query("other.skydns.local").rcode, 2u);
  EXPECT_EQ(query("other.skydns.local").extended_error(), 14);

  names_.set_content(Content::stale);

  EXPECT_EQ(query("other.skydns.local").rcode, 3u);
  EXPECT_EQ(query("db.skydns.local").extended_error(), 3);
}

TEST_F(SkyDns, AnotherBuilderGetsEverything) {
  set("local/skydns/db/a", R"({"host":"10.0.0.1"})");
  names_.contribute(builder_, test_time);

  builder_ = AuthorityBuilder(names_.zones());
  names_.start_over();

  EXPECT_EQ(answer("db.skydns.local").size(), 1u);
}

TEST_F(SkyDns, StubZonesAreForTheForwarder) {
  set("local/skydns/dns/stub/com/example/a", R"({"host":"192.0.2.1"})");
  set("local/skydns/dns/stub/com/example/b", R"({"host":"192.0.2.2","port":5353})");
  set("local/skydns/dns/stub/com/other/c", R"({"host":"a.name"})");

  const auto stubs = names_.stub_zones();

  ASSERT_EQ(stubs.size(), 1u);
  EXPECT_EQ(stubs[0].zone, name("example.com"));
  ASSERT_EQ(stubs[0].upstreams.size(), 2u);
  EXPECT_EQ(stubs[0].upstreams[1].endpoint, (Endpoint{ip("192.0.2.2"), 5353}));
}

// What external-dns writes: keys with a random label at their end, cut off targets, and its notes.
TEST_F(SkyDns, ExternalDns) {
  set("local/skydns/nginx/2b8f1a",
      R"({"host":"5.5.5.5","text":"\"heritage=external-dns\"","targetstrip":1})");
  set("local/skydns/nginx/77c001", R"({"host":"5.5.5.6","targetstrip":1})");
  set("local/skydns/blog/0a0a0a", R"({"host":"hosting.example.com","text":"h","targetstrip":1})");

  EXPECT_EQ(answer("nginx.skydns.local").size(), 2u);
  EXPECT_EQ(answer("nginx.skydns.local", LDNS_RR_TYPE_TXT),
            Lines{R"(nginx.skydns.local. 3600 IN TXT "\"heritage=external-dns\"")"});
  EXPECT_EQ(answer("blog.skydns.local"),
            Lines{"blog.skydns.local. 3600 IN CNAME hosting.example.com."});
  EXPECT_EQ(answer("blog.skydns.local", LDNS_RR_TYPE_TXT).size(), 1u);
}

TEST_F(SkyDns, WhatIsNoEntryIsRefusedAndTheLastOneStays) {
  set("local/skydns/web", R"({"host":"10.0.0.1"})");

  EXPECT_EQ(error_of("/skydns/local/skydns/web", "nonsense"), "the value is no JSON");
  EXPECT_EQ(error_of("/skydns/local/skydns/web", "[]"), "the value is no JSON object");
  EXPECT_EQ(error_of("/skydns/local/skydns/web", "{}"), "neither host nor text");
  EXPECT_EQ(error_of("/skydns/local/skydns/web", R"({"host":7})"), "host must be a string");
  EXPECT_EQ(error_of("/skydns/local/skydns/web", R"({"host":"a","Port":70000})"),
            "port must be a whole number from 0 to 65535");
  EXPECT_NE(error_of("/skydns/local/skydns/web", R"({"host":"a..b"})"), "");
  EXPECT_EQ(error_of("/other/local/skydns/web", R"({"host":"a"})"), "the key is not below /skydns");
  EXPECT_EQ(error_of("/skydns/org/example/x", R"({"host":"a"})"),
            "the key is in none of the domains");
  EXPECT_NE(error_of("/skydns/local/skydns/" + std::string(64, 'x'), R"({"host":"a"})"), "");
  EXPECT_EQ(answer("web.skydns.local"), Lines{"web.skydns.local. 3600 IN A 10.0.0.1"});
}

}  // namespace
}  // namespace paddock::dns
