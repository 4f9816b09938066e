// SPDX-License-Identifier: Apache-2.0
#include "libdns/ask.hpp"

#include <paddock/dns/view.hpp>

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

constexpr unsigned A = LDNS_RR_TYPE_A;
constexpr unsigned AAAA = LDNS_RR_TYPE_AAAA;
constexpr unsigned PTR = LDNS_RR_TYPE_PTR;
constexpr unsigned SOA = LDNS_RR_TYPE_SOA;

const std::string zone_soa =
    "zone. 5 IN SOA ns.dns.zone. hostmaster.zone. 1700000000 7200 1800 86400 5";

boost::asio::ip::network_v4 net(const char* text) { return boost::asio::ip::make_network_v4(text); }

// Two namespaces' worth of names, in which a view leads its clients about.
class Viewed {
 public:
  explicit Viewed(std::vector<View> views, std::optional<View> common = std::nullopt)
      : views_(std::make_shared<Views>(views, common, problems)) {}

  DnsReply ask(const char* client, const std::string& asked, unsigned type = A,
               AnswerContext context = {}) const {
    context.client = ip(client);
    context.views = views_.get();
    return dns::ask(*authority_, {asked, type, Opt{}}, context);
  }

  Action action(const char* client, const std::string& asked) const {
    return action_of(*authority_, {asked, A},
                     {.client = ip(client), .views = views_.get(), .is_forwarding = true});
  }

  std::vector<Problem> problems;

 private:
  static std::shared_ptr<const Authority> names() {
    return authority_of(
        {zone("zone"), zone("in-addr.arpa")},
        {a("web.shop.zone", "10.0.0.1"), a("db.bank.zone", "10.0.0.2"),
         cname("out.shop.zone", "db.bank.zone"), cname("away.shop.zone", "example.com"),
         ptr_record(name("1.0.0.10.in-addr.arpa"), name("web.shop.zone"), std::chrono::seconds{5}),
         ptr_record(name("2.0.0.10.in-addr.arpa"), name("db.bank.zone"), std::chrono::seconds{5}),
         ptr_record(name("3.0.0.10.in-addr.arpa"), name("db.bank.zone"), std::chrono::seconds{5}),
         ptr_record(name("3.0.0.10.in-addr.arpa"), name("web.shop.zone"),
                    std::chrono::seconds{5})});
  }

  std::shared_ptr<const Authority> authority_ = names();
  std::shared_ptr<const Views> views_;
};

TEST(Views, TheLongestPrefixDecides) {
  const Viewed viewed({{.clients_v4 = {net("10.1.0.0/16")}, .records = {a("me", "192.0.2.1")}},
                       {.clients_v4 = {net("10.1.2.3/32")}, .records = {a("me", "192.0.2.2")}},
                       {.clients_v4 = {net("10.1.2.3/32")}, .records = {a("me", "192.0.2.9")}},
                       {.clients_v6 = {boost::asio::ip::make_network_v6("fd00:1::/64")},
                        .records = {a("me", "192.0.2.3")}},
                       {.clients_v6 = {boost::asio::ip::make_network_v6("::ffff:10.3.0.0/112")},
                        .records = {a("me", "192.0.2.4")}}});

  EXPECT_EQ(viewed.ask("10.3.9.9", "me").answer, Lines{"me. 5 IN A 192.0.2.4"});
  EXPECT_EQ(viewed.ask("10.1.9.9", "me").answer, Lines{"me. 5 IN A 192.0.2.1"});
  EXPECT_EQ(viewed.ask("10.1.2.3", "me").answer, Lines{"me. 5 IN A 192.0.2.2"});
  EXPECT_EQ(viewed.ask("::ffff:10.1.2.3", "me").answer, Lines{"me. 5 IN A 192.0.2.2"});
  EXPECT_EQ(viewed.ask("fd00:1::7", "me").answer, Lines{"me. 5 IN A 192.0.2.3"});
  EXPECT_EQ(viewed.ask("10.2.0.1", "me").rcode, 5u);
  EXPECT_EQ(viewed.ask("fd00:2::7", "me").rcode, 5u);
}

TEST(Views, OwnNamesComeBeforeEverybodys) {
  const Viewed viewed(
      {{.clients_v4 = {net("10.1.0.1/32")},
        .records = {a("web.shop.zone", "192.0.2.1"), a("WWW.example.com", "::1")}}});

  EXPECT_EQ(viewed.ask("10.1.0.1", "web.shop.zone").answer,
            Lines{"web.shop.zone. 5 IN A 192.0.2.1"});
  EXPECT_EQ(viewed.ask("10.1.0.2", "web.shop.zone").answer,
            Lines{"web.shop.zone. 5 IN A 10.0.0.1"});
  const auto own = viewed.ask("10.1.0.1", "Www.example.com", AAAA);
  EXPECT_TRUE(own.aa());
  EXPECT_EQ(own.answer, Lines{"Www.example.com. 5 IN AAAA ::1"});
  EXPECT_EQ(viewed.action("10.1.0.1", "example.com"), Action::forward);
}

TEST(Views, AnotherTypeOfAnOwnNameIsNodata) {
  const Viewed viewed({{.clients_v4 = {net("10.1.0.1/32")},
                        .records = {a("own.zone", "192.0.2.1"), a("own.example", "192.0.2.1")}}});

  EXPECT_EQ(viewed.ask("10.1.0.1", "own.zone", AAAA).authority, Lines{zone_soa});
  const auto outside = viewed.ask("10.1.0.1", "own.example", AAAA);
  EXPECT_EQ(outside.rcode, 0u);
  EXPECT_EQ(outside.authority,
            Lines{"own.example. 5 IN SOA localhost. nobody.invalid. 0 7200 1800 86400 5"});
  EXPECT_EQ(viewed.ask("10.1.0.1", "own.example", SOA).answer, Lines{});
}

TEST(Views, OwnCnamesLeadToOwnAndSharedNamesAndOut) {
  const Viewed viewed({{.clients_v4 = {net("10.1.0.1/32")},
                        .records = {cname("one", "two"), cname("two", "web.shop.zone"),
                                    cname("far", "example.com"), cname("loop", "loop")}}});

  EXPECT_EQ(viewed.ask("10.1.0.1", "one").answer,
            (Lines{"one. 5 IN CNAME two.", "two. 5 IN CNAME web.shop.zone.",
                   "web.shop.zone. 5 IN A 10.0.0.1"}));
  EXPECT_EQ(viewed.ask("10.1.0.1", "far").answer, Lines{"far. 5 IN CNAME example.com."});
  EXPECT_EQ(viewed.ask("10.1.0.1", "loop").answer, Lines{"loop. 5 IN CNAME loop."});
}

TEST(Views, ANameCanBeTheSameAsAnother) {
  const Viewed viewed({{.clients_v4 = {net("10.1.0.1/32")},
                        .same = {{name("store"), name("web.shop.zone")},
                                 {name("gone"), name("gone.shop.zone")},
                                 {name("via"), name("out.shop.zone")},
                                 {name("outside"), name("example.com")}}}});

  EXPECT_EQ(viewed.ask("10.1.0.1", "Store").answer, Lines{"Store. 5 IN A 10.0.0.1"});
  const auto nodata = viewed.ask("10.1.0.1", "store", AAAA);
  EXPECT_EQ(nodata.rcode, 0u);
  EXPECT_EQ(nodata.authority, Lines{zone_soa});
  EXPECT_EQ(viewed.ask("10.1.0.1", "gone").rcode, 3u);
  EXPECT_EQ(viewed.ask("10.1.0.1", "via").answer,
            (Lines{"via. 5 IN CNAME db.bank.zone.", "db.bank.zone. 5 IN A 10.0.0.2"}));
  EXPECT_EQ(viewed.ask("10.1.0.1", "outside", A, {.is_forwarding = true}).rcode, 3u);
}

TEST(Views, SearchFindsShortNamesUnderTheNameAsked) {
  const Viewed viewed(
      {{.clients_v4 = {net("10.1.0.1/32")}, .search = {name("shop.zone"), name("zone")}}});

  EXPECT_EQ(viewed.ask("10.1.0.1", "weB").answer, Lines{"weB. 5 IN A 10.0.0.1"});
  EXPECT_EQ(viewed.ask("10.1.0.1", "db.bank").answer, Lines{"db.bank. 5 IN A 10.0.0.2"});
  EXPECT_EQ(viewed.ask("10.1.0.1", "web", AAAA).authority, Lines{zone_soa});
  EXPECT_EQ(viewed.ask("10.1.0.1", "out").answer,
            (Lines{"out. 5 IN CNAME db.bank.zone.", "db.bank.zone. 5 IN A 10.0.0.2"}));
  EXPECT_EQ(viewed.action("10.1.0.1", "shop"), Action::forward);  // only has names below it
  EXPECT_EQ(viewed.action("10.1.0.1", "example.com"), Action::forward);
  EXPECT_EQ(viewed.action("10.1.0.1", "away"), Action::reply);  // RD was not set
  EXPECT_EQ(viewed.ask("10.1.0.1", "x.zone").rcode, 3u);        // ours already: no search
  EXPECT_EQ(viewed.ask("10.1.0.2", "web").rcode, 5u);
}

TEST(Views, WhatTheClientAloneHasIsFoundBeforeWhatEverybodyHas) {
  const Viewed viewed(
      {{.clients_v4 = {net("10.1.0.1/32")},
        .records = {a("web.shop.zone", "192.0.2.1"), a("mine", "192.0.2.2"),
                    a("mine.shop.zone", "192.0.2.3")},
        .search = {name("bank.zone"), name("shop.zone")}}},
      View{.records = {a("web", "192.0.2.4"), a("db", "192.0.2.5"), a("mine", "192.0.2.6")}});

  EXPECT_EQ(viewed.ask("10.1.0.1", "web").answer, Lines{"web. 5 IN A 192.0.2.1"});
  EXPECT_EQ(viewed.ask("10.1.0.1", "mine").answer, Lines{"mine. 5 IN A 192.0.2.2"});
  EXPECT_EQ(viewed.ask("10.1.0.1", "db").answer, Lines{"db. 5 IN A 192.0.2.5"});
  EXPECT_EQ(viewed.ask("10.1.0.2", "web").answer, Lines{"web. 5 IN A 192.0.2.4"});
}

TEST(Views, SearchIsForNamesWithFewDots) {
  const Viewed viewed({{.clients_v4 = {net("10.1.0.1/32")}, .search = {name("zone")}, .ndots = 1}});

  EXPECT_EQ(viewed.action("10.1.0.1", "web.shop"), Action::forward);
}

TEST(Views, SearchWaitsForZonesToBeLearnt) {
  const Viewed viewed({{.clients_v4 = {net("10.1.0.1/32")}, .search = {name("shop.zone")}}});

  const auto reply = viewed.ask("10.1.0.1", "new", A, {.is_forwarding = true, .is_ready = false});
  EXPECT_EQ(reply.rcode, 2u);
  EXPECT_EQ(reply.extended_error(), 14);
}

TEST(Views, WhatIsCommonComesAfterTheClientsOwn) {
  const View common{.records = {a("all", "192.0.2.8"), a("me", "192.0.2.9")},
                    .search = {name("bank.zone")}};
  const Viewed viewed({{.clients_v4 = {net("10.1.0.1/32")},
                        .records = {a("me", "192.0.2.1")},
                        .search = {name("shop.zone")}}},
                      common);

  EXPECT_EQ(viewed.ask("10.1.0.1", "me").answer, Lines{"me. 5 IN A 192.0.2.1"});
  EXPECT_EQ(viewed.ask("10.1.0.1", "all").answer, Lines{"all. 5 IN A 192.0.2.8"});
  EXPECT_EQ(viewed.ask("10.1.0.1", "web").answer, Lines{"web. 5 IN A 10.0.0.1"});
  EXPECT_EQ(viewed.ask("10.1.0.1", "db").answer, Lines{"db. 5 IN A 10.0.0.2"});
  EXPECT_EQ(viewed.ask("10.2.0.1", "me").answer, Lines{"me. 5 IN A 192.0.2.9"});
  EXPECT_EQ(viewed.ask("10.2.0.1", "db").answer, Lines{"db. 5 IN A 10.0.0.2"});
  EXPECT_EQ(viewed.ask("10.2.0.1", "web").rcode, 5u);
}

TEST(Views, HiddenNamesDoNotExistForTheClient) {
  const Viewed viewed({{.clients_v4 = {net("10.1.0.1/32")},
                        .search = {name("bank.zone"), name("shop.zone")},
                        .hidden = {name("zone"), name("secret.example")},
                        .shown = {name("shop.zone")}}});

  EXPECT_EQ(viewed.ask("10.1.0.1", "web.shop.zone").answer.size(), 1u);
  EXPECT_EQ(viewed.ask("10.1.0.1", "zone", SOA).answer.size(), 1u);
  for (const char* asked : {"db.bank.zone", "bank.zone", "x.bank.zone"}) {
    const auto reply = viewed.ask("10.1.0.1", asked);
    EXPECT_EQ(reply.rcode, 3u) << asked;
    EXPECT_EQ(reply.authority, Lines{zone_soa}) << asked;
    EXPECT_EQ(reply.extended_error(), 18) << asked;
  }
  EXPECT_EQ(viewed.ask("10.1.0.1", "www.secret.example", A, {.is_forwarding = true}).rcode, 3u);
  EXPECT_EQ(viewed.ask("10.1.0.1", "out.shop.zone").rcode, 3u);  // a CNAME into what is hidden
  EXPECT_EQ(viewed.ask("10.1.0.1", "db").rcode, 5u);
  EXPECT_EQ(viewed.ask("10.1.0.2", "db.bank.zone").answer.size(), 1u);
}

TEST(Views, ReverseNamesDoNotTellWhatIsHidden) {
  const Viewed viewed({{.clients_v4 = {net("10.1.0.1/32")},
                        .hidden = {name("zone")},
                        .shown = {name("shop.zone")}}});

  EXPECT_EQ(viewed.ask("10.1.0.1", "1.0.0.10.in-addr.arpa", PTR).answer.size(), 1u);
  const auto hidden = viewed.ask("10.1.0.1", "2.0.0.10.in-addr.arpa", PTR);
  EXPECT_EQ(hidden.rcode, 3u);
  EXPECT_EQ(hidden.authority.size(), 1u);
  EXPECT_EQ(viewed.ask("10.1.0.1", "3.0.0.10.in-addr.arpa", PTR).answer,
            Lines{"3.0.0.10.in-addr.arpa. 5 IN PTR web.shop.zone."});
  EXPECT_EQ(viewed.ask("10.1.0.2", "3.0.0.10.in-addr.arpa", PTR).answer.size(), 2u);
}

TEST(Views, LongNamesAreNotSearchedBeyondWhatANameCanHold) {
  const std::string label(60, 'x');
  const Viewed viewed({{.clients_v4 = {net("10.1.0.1/32")}, .search = {name("shop.zone")}}});

  EXPECT_EQ(viewed.action("10.1.0.1", label + '.' + label + '.' + label + '.' + label),
            Action::forward);
}

TEST(Views, UpstreamsAreThoseOfTheClientsView) {
  std::vector<Problem> problems;
  const Views views(std::vector<View>{{.clients_v4 = {net("10.1.0.1/32")}, .upstreams = "office"}},
                    std::nullopt, problems);

  EXPECT_EQ(views.upstreams_of(ip("10.1.0.1")), "office");
  EXPECT_EQ(views.upstreams_of(ip("10.1.0.2")), "");
  EXPECT_GT(views.memory(), 0u);
}

}  // namespace
}  // namespace paddock::dns
