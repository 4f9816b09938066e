// SPDX-License-Identifier: Apache-2.0
//
// Search lists of clients that are completed here.
#include "libdns/server/serving.hpp"
#include "support/fake_resolver.hpp"

#include <paddock/dns/rules.hpp>
#include <paddock/dns/view.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace paddock::dns {
namespace {

using namespace testing;

boost::asio::ip::address_v4 loopback() { return boost::asio::ip::address_v4::loopback(); }

// Knows www.example.com and wiki.corp.example; anything else does not exist.
std::vector<Message> answer_outside(const Heard& heard) {
  wire::Query asked;
  EXPECT_EQ(wire::parse_query(heard.message, asked), wire::Verdict::ok);
  const auto owner = Name::from_wire(asked.qname()).value();
  const bool is_known = owner == name("www.example.com") || owner == name("wiki.corp.example");
  if (!is_known) {
    return {reply_to(heard.message, {.rcode = 3, .authority = {soa("example", 60, 60)}})};
  }
  return {reply_to(heard.message, {.answers = {a(owner.format().c_str(), "192.0.2.80", 60)}})};
}

// The pod shop/web, which is this test, has the search list
// shop.svc.cluster.local svc.cluster.local cluster.local corp.example.
struct Searching {
  Searching() : resolver(answer_outside), serving(forwarding_to({resolver.endpoint()}), names()) {
    View view{.name = "pod shop/web"};
    view.clients_v4.emplace_back(loopback(), 32);
    for (const char* text :
         {"shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "corp.example"}) {
      view.path.push_back(name(text));
    }
    std::vector<Problem> problems;
    const std::vector<View> all{view};
    serving.server.publish(names(), std::make_shared<Views>(all, std::nullopt, problems));
    EXPECT_TRUE(problems.empty());
  }

  static std::shared_ptr<const Authority> names() {
    return authority_of({a("web.shop.svc.cluster.local", "10.0.0.1", 5),
                         a("db.bank.svc.cluster.local", "10.0.0.2", 5)});
  }

  Seen ask(std::string_view spelling, Type type = Type::a) {
    return UdpClient(serving.at).ask(query(spelling, type, {.payload = 1232}));
  }

  FakeResolver resolver;
  Serving serving;
};

TEST(Autopath, TheFirstNameOfTheSearchListIsAnsweredWithWhatTheLastOneHas) {
  Searching pod;

  const auto seen = pod.ask("www.Example.com.shop.svc.cluster.local");

  EXPECT_EQ(seen.rcode(), 0U);
  ASSERT_EQ(seen.answers.size(), 2U);
  EXPECT_EQ(seen.answers[0].owner, "www.example.com.shop.svc.cluster.local.");
  EXPECT_EQ(seen.answers[0].type, Type::cname);
  EXPECT_EQ(seen.answers[1].owner, "www.example.com.");
  EXPECT_EQ(seen.addresses(), std::vector<std::string>{"192.0.2.80"});
  EXPECT_EQ(pod.ask("www.example.com.shop.svc.cluster.local").answers.size(), 2U) << "cached";
  EXPECT_EQ(pod.serving.server.counters().completed, 2U);
}

TEST(Autopath, TheListIsFollowedInItsOrder) {
  Searching pod;

  const auto inside = pod.ask("db.bank.shop.svc.cluster.local");
  ASSERT_EQ(inside.answers.size(), 2U);
  EXPECT_EQ(inside.answers[1].owner, "db.bank.svc.cluster.local.");
  EXPECT_EQ(inside.addresses(), std::vector<std::string>{"10.0.0.2"});
  EXPECT_EQ(pod.resolver.heard(), 0);
  const auto outside = pod.ask("wiki.shop.svc.cluster.local");
  ASSERT_EQ(outside.answers.size(), 2U);
  EXPECT_EQ(outside.answers[1].owner, "wiki.corp.example.");
}

TEST(Autopath, WhatIsNowhereDoesNotExist) {
  Searching pod;

  const auto seen = pod.ask("nothing.example.shop.svc.cluster.local");

  EXPECT_EQ(seen.rcode(), 3U);
  EXPECT_TRUE(seen.answers.empty());
}

TEST(Autopath, OtherNamesAndTypesAreNotCompleted) {
  Searching pod;

  EXPECT_EQ(pod.ask("web.shop.svc.cluster.local").answers.size(), 1U);
  EXPECT_EQ(pod.ask("www.example.com.svc.cluster.local").rcode(), 3U)
      << "not the first of the list";
  EXPECT_EQ(pod.ask("www.example.com.shop.svc.cluster.local", Type::txt).rcode(), 3U);
  EXPECT_EQ(pod.resolver.heard(), 0);
}

TEST(Autopath, OthersSearchForThemselves) {
  Searching pod;
  pod.serving.server.publish(Searching::names());

  EXPECT_EQ(pod.ask("www.example.com.shop.svc.cluster.local").rcode(), 3U);
}

TEST(Autopath, RulesHoldForNamesThatWereCompleted) {
  Searching pod;
  std::vector<Problem> problems;
  const RuleSet rules{
      .hosts = {{boost::asio::ip::make_address("10.9.9.9"), name("printer.corp.example")}},
      .blocked = {name("www.example.com")}};
  pod.serving.server.set_rules(std::make_shared<Rules>(rules, problems));

  EXPECT_EQ(pod.ask("www.example.com.shop.svc.cluster.local").rcode(), 3U);
  EXPECT_EQ(pod.ask("printer.shop.svc.cluster.local").addresses(),
            std::vector<std::string>{"10.9.9.9"});
}

}  // namespace
}  // namespace paddock::dns
