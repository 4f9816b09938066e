// SPDX-License-Identifier: Apache-2.0
#include "libdns/server/serving.hpp"
#include "support/fake_resolver.hpp"
#include "support/loopback_socket.hpp"

#include <paddock/dns/rules.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace paddock::dns {
namespace {

using namespace testing;
using namespace std::chrono_literals;

boost::asio::ip::address ip(const char* text) { return boost::asio::ip::make_address(text); }

std::string data_of(const char* address) { return address_record(Name(), ip(address), 0s).data; }

// Answers A questions for names below example.net, and has nothing else.
std::vector<Message> answer_a(const Heard& heard) {
  wire::Query asked;
  EXPECT_EQ(wire::parse_query(heard.message, asked), wire::Verdict::ok);
  const auto owner = Name::from_wire(asked.qname()).value();
  if (!owner.is_within(name("example.net"))) {
    return {reply_to(heard.message, {.rcode = 3, .authority = {soa("example", 60, 60)}})};
  }
  if (asked.qtype() != Type::a) {
    return {reply_to(heard.message, {.authority = {soa("example.net", 60, 60)}})};
  }
  return {reply_to(heard.message, {.answers = {address_record(owner, ip("192.0.2.33"), 300s)}})};
}

struct Ruled {
  explicit Ruled(const RuleSet& rules)
      : resolver(answer_a), serving(forwarding_to({resolver.endpoint()})), client(serving.at) {
    std::vector<Problem> problems;
    serving.server.set_rules(std::make_shared<Rules>(rules, problems));
    EXPECT_TRUE(problems.empty());
  }

  Seen ask(std::string_view spelling, Type type = Type::a) {
    return client.ask(query(spelling, type, {.payload = 1232}));
  }

  FakeResolver resolver;
  Serving serving;
  UdpClient client;
};

Rewrite rewrite(const char* text) { return parse_rewrite(text).value(); }

TEST(Rules, HostEntriesComeBeforeEverythingElse) {
  Ruled ruled({.hosts = {{ip("10.9.9.9"), name("www.example.net")},
                         {ip("10.9.9.8"), name("web.cluster.local")}}});

  EXPECT_EQ(ruled.ask("WWW.example.net").addresses(), std::vector<std::string>{"10.9.9.9"});
  EXPECT_EQ(ruled.ask("web.cluster.local").addresses(), std::vector<std::string>{"10.9.9.8"});
  const auto v6 = ruled.ask("www.example.net", Type::aaaa);
  EXPECT_EQ(v6.rcode(), 0U);
  EXPECT_TRUE(v6.answers.empty());
  ASSERT_EQ(v6.authority.size(), 1U) << "says for how long";
  EXPECT_EQ(v6.authority[0].type, Type::soa);
  const auto reverse = ruled.ask("9.9.9.10.in-addr.arpa", Type::ptr);
  ASSERT_EQ(reverse.answers.size(), 1U);
  EXPECT_EQ(ruled.resolver.heard(), 0);
}

// What came while no process read it.
TEST(Rules, HoldForQueriesThatWaitAtTheStart) {
  test::LoopbackSocket left(SOCK_DGRAM, SO_REUSEPORT);  // as a process before this one left it
  const Endpoint at{ip("127.0.0.1"), left.port()};
  UdpClient client(at);
  client.send(query("www.example.net", Type::a, {}));
  std::vector<Problem> problems;
  auto options = local_options();
  options.listen = {at};
  options.inherited = {left.release()};
  options.rules = std::make_shared<Rules>(
      RuleSet{.hosts = {{ip("10.9.9.9"), name("www.example.net")}}}, problems);

  const Serving serving(std::move(options));

  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(take_apart(*reply).addresses(), std::vector<std::string>{"10.9.9.9"});
}

TEST(Rules, HostEntriesSayNothingOfOtherTypesAndNames) {
  Ruled ruled({.hosts = {{ip("10.9.9.9"), name("www.example.net")}}});

  EXPECT_EQ(ruled.ask("example.net").addresses(), std::vector<std::string>{"192.0.2.33"});
  EXPECT_EQ(ruled.ask("www.example.net", Type::mx).authority.size(), 1U) << "from the resolver";
}

// Who remembers that a name does not exist asks for no other type of it (RFC 8020).
TEST(Rules, NobodyCanSayThatTheNameOfAHostEntryDoesNotExist) {
  Ruled ruled({.hosts = {{ip("10.9.9.9"), name("only.here")}}});

  for (const auto type : {Type::mx, Type::https, Type::any}) {
    const auto other = ruled.ask("only.here", type);
    EXPECT_EQ(other.rcode(), 0U) << format(type);
    EXPECT_TRUE(other.answers.empty());
    EXPECT_EQ(other.authority.size(), 1U);
  }
  EXPECT_EQ(ruled.ask("nothing.here", Type::mx).rcode(), 3U);
}

TEST(Rules, ATypeThatIsBlockedIsNobodysAndNamesKeepTheirOthers) {
  Ruled ruled({.hosts = {{ip("fd00::9"), name("host.example")}}, .blocked_types = {Type::aaaa}});

  for (const char* name : {"www.example.net", "web.cluster.local", "host.example", "not.there"}) {
    const auto seen = ruled.ask(name, Type::aaaa);
    EXPECT_EQ(seen.rcode(), 0U) << name;
    EXPECT_TRUE(seen.answers.empty());
    EXPECT_EQ(seen.authority.size(), 1U) << "says for how long";
    EXPECT_EQ(seen.extended_error, 15);
  }
  EXPECT_EQ(ruled.resolver.heard(), 0);
  EXPECT_EQ(ruled.ask("www.example.net").addresses().size(), 1U);
}

TEST(Rules, BlockedNamesDoNotExistNorAnyBelowThem) {
  Ruled ruled({.blocked = {name("ads.example.net")}});

  const auto blocked = ruled.ask("x.ADS.example.net");
  EXPECT_EQ(blocked.rcode(), 3U);
  EXPECT_EQ(blocked.extended_error, 15);
  ASSERT_EQ(blocked.authority.size(), 1U) << "says for how long";
  EXPECT_EQ(blocked.authority[0].type, Type::soa);
  EXPECT_EQ(blocked.authority[0].owner, "x.ads.example.net.");
  EXPECT_EQ(blocked.authority[0].ttl, 60U);
  EXPECT_EQ(ruled.ask("ads.example.net", Type::txt).rcode(), 3U);
  EXPECT_EQ(ruled.ask("bads.example.net").addresses().size(), 1U);
  EXPECT_EQ(ruled.resolver.heard(), 1);
}

TEST(Rules, BlockedNamesMayBeZeroInstead) {
  Ruled ruled({.blocked = {name("ads.example.net")}, .block_answer = BlockAnswer::zero});

  EXPECT_EQ(ruled.ask("ads.example.net").addresses(), std::vector<std::string>{"0.0.0.0"});
  const auto v6 = ruled.ask("ads.example.net", Type::aaaa);
  ASSERT_EQ(v6.answers.size(), 1U);
  EXPECT_EQ(v6.answers[0].data, data_of("::"));
  const auto mail = ruled.ask("ads.example.net", Type::mx);
  EXPECT_TRUE(mail.answers.empty());
  EXPECT_EQ(mail.authority.size(), 1U);
}

TEST(Rules, ARewrittenNameIsAnsweredAsTheOther) {
  Ruled ruled({.rewrites = {rewrite("exact old.example www.example.net ttl=7"),
                            rewrite("exact inside.example web.cluster.local")}});

  for (int i = 0; i < 2; ++i) {  // from the resolver, and from the cache
    const auto seen = ruled.ask("Old.example");
    EXPECT_EQ(seen.spelling, std::string("\3Old\7example\0", 13));
    ASSERT_EQ(seen.answers.size(), 1U);
    EXPECT_EQ(seen.answers[0].owner, "old.example.");
    EXPECT_EQ(seen.answers[0].ttl, 7U);
    EXPECT_TRUE(seen.has_opt);
  }
  EXPECT_EQ(ruled.ask("inside.example").addresses(), std::vector<std::string>{"10.0.0.1"});
  EXPECT_EQ(ruled.resolver.heard(), 1);
}

TEST(Rules, SuffixesPrefixesAndExpressionsAreRewrittenAndBack) {
  Ruled ruled({.rewrites = {rewrite("suffix .old.example .example.net"), rewrite("prefix x- y."),
                            rewrite("regex ^(.+)[.]r(.)$ {2}.{1}.example.net")}});

  EXPECT_EQ(ruled.ask("a.b.old.example").answers.at(0).owner, "a.b.old.example.");
  EXPECT_EQ(ruled.ask("x-z.example.net").answers.at(0).owner, "x-z.example.net.");
  EXPECT_EQ(ruled.ask("first.r2").answers.at(0).owner, "first.r2.");
}

TEST(Rules, NamesInARewrittenAnswerAreChangedBack) {
  FakeResolver resolver([](const Heard& heard) {
    return std::vector<Message>{reply_to(
        heard.message, {.answers = {cname_record(name("a.example.net"), name("b.example.net"), 60s),
                                    a("b.example.net", "192.0.2.1", 60)}})};
  });
  Serving serving(forwarding_to({resolver.endpoint()}));
  std::vector<Problem> problems;
  serving.server.set_rules(std::make_shared<Rules>(
      RuleSet{.rewrites = {rewrite("suffix .old.example .example.net")}}, problems));

  const auto seen = UdpClient(serving.at).ask(query("a.old.example", Type::a));

  ASSERT_EQ(seen.answers.size(), 2U);
  EXPECT_EQ(seen.answers[0].owner, "a.old.example.");
  EXPECT_EQ(seen.answers[1].owner, "b.old.example.");
}

TEST(Rules, AWildcardEntryIsForAllNamesBelowThatHaveNone) {
  Ruled ruled({.hosts = {{ip("10.9.9.9"), name("*.dev.example")},
                         {ip("10.9.9.8"), name("db.dev.example")},
                         {ip("10.9.9.7"), name("*.eu.dev.example")}}});

  EXPECT_EQ(ruled.ask("A.b.dev.example").addresses(), std::vector<std::string>{"10.9.9.9"});
  EXPECT_EQ(ruled.ask("db.dev.example").addresses(), std::vector<std::string>{"10.9.9.8"});
  EXPECT_EQ(ruled.ask("x.eu.dev.example").addresses(), std::vector<std::string>{"10.9.9.7"});
  EXPECT_EQ(ruled.ask("eu.dev.example").addresses(), std::vector<std::string>{"10.9.9.9"});
  EXPECT_EQ(ruled.ask("a.dev.example", Type::aaaa).rcode(), 0U);
  EXPECT_EQ(ruled.ask("dev.example").rcode(), 3U);
  EXPECT_EQ(ruled.ask("9.9.9.10.in-addr.arpa", Type::ptr).rcode(), 3U);
}

TEST(Rules, ANameThatOnlyHasIpv4AddressesGetsIpv6OnesBelowThePrefix) {
  Ruled ruled({.dns64 = boost::asio::ip::make_network_v6("64:ff9b::/96")});

  for (int i = 0; i < 2; ++i) {
    const auto seen = ruled.ask("www.example.net", Type::aaaa);
    ASSERT_EQ(seen.answers.size(), 1U);
    EXPECT_EQ(seen.answers[0].type, Type::aaaa);
    EXPECT_EQ(seen.answers[0].data, data_of("64:ff9b::192.0.2.33"));
  }
  const auto own = ruled.ask("web.cluster.local", Type::aaaa);
  ASSERT_EQ(own.answers.size(), 1U);
  EXPECT_EQ(own.answers[0].data, data_of("64:ff9b::10.0.0.1"));
  EXPECT_EQ(ruled.ask("no.example", Type::aaaa).rcode(), 3U);
  EXPECT_EQ(ruled.ask("www.example.net").addresses().size(), 1U);
}

TEST(Rules, WhoFailsOverAaaaIsAskedForA) {  // RFC 6147, 5.1.2
  FakeResolver resolver([](const Heard& heard) {
    wire::Query asked;
    EXPECT_EQ(wire::parse_query(heard.message, asked), wire::Verdict::ok);
    if (asked.qtype() == Type::a) return answer_a(heard);
    return std::vector<Message>{reply_to(heard.message, {.rcode = 4})};
  });
  Serving serving(forwarding_to({resolver.endpoint()}));
  std::vector<Problem> problems;
  serving.server.set_rules(std::make_shared<Rules>(
      RuleSet{.dns64 = boost::asio::ip::make_network_v6("64:ff9b::/96")}, problems));

  const auto seen = UdpClient(serving.at).ask(query("www.example.net", Type::aaaa));

  EXPECT_EQ(seen.rcode(), 0U);
  ASSERT_EQ(seen.answers.size(), 1U);
  EXPECT_EQ(seen.answers[0].data, data_of("64:ff9b::192.0.2.33"));
}

TEST(Rules, MadeAddressesAreKeptNoLongerThanThatThereAreNone) {  // RFC 6147, 5.1.7
  FakeResolver resolver([](const Heard& heard) {
    wire::Query asked;
    EXPECT_EQ(wire::parse_query(heard.message, asked), wire::Verdict::ok);
    if (asked.qtype() == Type::a) {
      const auto owner = Name::from_wire(asked.qname()).value().format();
      return std::vector<Message>{
          reply_to(heard.message, {.answers = {a(owner, "192.0.2.33", 3000)}})};
    }
    const bool says_soa = asked.qname()[1] == 's';
    return std::vector<Message>{
        says_soa ? reply_to(heard.message, {.authority = {soa("example.net", 20, 20)}})
                 : reply_to(heard.message, {.rcode = 4})};
  });
  Serving serving(forwarding_to({resolver.endpoint()}));
  std::vector<Problem> problems;
  serving.server.set_rules(std::make_shared<Rules>(
      RuleSet{.dns64 = boost::asio::ip::make_network_v6("64:ff9b::/96")}, problems));
  UdpClient client(serving.at);

  const auto with_soa = client.ask(query("s.example.net", Type::aaaa));
  const auto without = client.ask(query("n.example.net", Type::aaaa));

  ASSERT_EQ(with_soa.answers.size(), 1U);
  EXPECT_LE(with_soa.answers[0].ttl, 20U);
  ASSERT_EQ(without.answers.size(), 1U);
  EXPECT_LE(without.answers[0].ttl, 600U);
}

TEST(Rules, AWhoValidatesIsNotGivenMadeAddresses) {
  Ruled ruled({.dns64 = boost::asio::ip::make_network_v6("64:ff9b::/96")});

  const auto seen = ruled.client.ask(
      query("www.example.net", Type::aaaa,
            {.flags = wire::flag_rd | wire::flag_cd, .payload = 1232, .dnssec_ok = true}));

  EXPECT_TRUE(seen.answers.empty());
}

TEST(Rules, ReverseNamesBelowThePrefixAreThoseOfHostEntriesToo) {
  Ruled ruled({.hosts = {{ip("10.9.9.9"), name("only.here")}},
               .dns64 = boost::asio::ip::make_network_v6("64:ff9b::/96")});

  const auto asked = reverse_name(ip("64:ff9b::10.9.9.9")).format();
  const auto seen = ruled.ask(asked.substr(0, asked.size() - 1), Type::ptr);

  ASSERT_EQ(seen.answers.size(), 1U);
  EXPECT_EQ(seen.answers[0].owner, asked);
  EXPECT_EQ(seen.answers[0].data, ptr_record(Name(), name("only.here"), 0s).data);
  EXPECT_EQ(ruled.resolver.heard(), 0);
}

TEST(Rules, ReverseNamesBelowThePrefixAreThoseOfTheAddressInside) {
  FakeResolver resolver([](const Heard& heard) {
    return std::vector<Message>{reply_to(
        heard.message,
        {.answers = {ptr_record(reverse_name(ip("198.18.2.33")), name("www.example.net"), 60s)}})};
  });
  auto options = forwarding_to({resolver.endpoint()});
  options.forwarding.private_reverse = true;
  Serving serving(options);
  std::vector<Problem> problems;
  serving.server.set_rules(std::make_shared<Rules>(
      RuleSet{.dns64 = boost::asio::ip::make_network_v6("2001:db8:100::/40")}, problems));
  const auto inside = reverse_name(ip("2001:db8:1c6:1202:21::"));

  const auto seen = UdpClient(serving.at).ask(query(inside.format(), Type::ptr));

  ASSERT_EQ(seen.answers.size(), 1U);
  EXPECT_EQ(seen.answers[0].owner, inside.format());
}

TEST(Rules, AWrongExpressionIsAProblemAndTheOthersCount) {
  std::vector<Problem> problems;
  const Rules rules({.rewrites = {rewrite("regex ( b"), rewrite("exact a b")}}, problems);

  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].subject.find("("), std::string::npos);
}

TEST(Rules, CanBeTakenBackWhileQuestionsAreInFlight) {
  Gate gate;
  FakeResolver resolver([&](const Heard& heard) {
    gate.wait();
    return answer_a(heard);
  });
  Serving serving(forwarding_to({resolver.endpoint()}));
  std::vector<Problem> problems;
  serving.server.set_rules(std::make_shared<Rules>(
      RuleSet{.rewrites = {rewrite("exact old.example www.example.net")}}, problems));
  UdpClient client(serving.at);
  client.send(query("old.example", Type::a));
  resolver.wait_for(1);

  serving.server.set_rules(nullptr);
  gate.open();

  const auto reply = client.receive();
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(take_apart(*reply).answers.at(0).owner, "old.example.");
}

}  // namespace
}  // namespace paddock::dns
