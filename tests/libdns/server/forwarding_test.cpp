// SPDX-License-Identifier: Apache-2.0
#include "libdns/server/serving.hpp"
#include "support/fake_resolver.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

namespace paddock::dns {
namespace {

using namespace testing;
using namespace std::chrono_literals;

const Message www = query("www.example.net", Type::a, {.payload = 1232});

Message address_of_www(const Heard& heard, std::string_view address = "192.0.2.1", int ttl = 300) {
  return reply_to(heard.message, {.answers = {a("www.example.net", address, ttl)}});
}

std::vector<Message> answer_www(const Heard& heard) { return {address_of_www(heard)}; }
std::vector<Message> stay_silent(const Heard&) { return {}; }

ServerOptions impatient(const std::vector<Endpoint>& upstreams) {
  auto options = forwarding_to(upstreams);
  options.forwarding.attempt_timeout = 500ms;
  options.forwarding.preference = Preference::ordered;
  return options;
}

TEST(Forwarding, AsksUpstreamOnceAndThenTheCache) {
  FakeResolver resolver(answer_www);
  const Serving serving(forwarding_to({resolver.endpoint()}));
  UdpClient client(serving.at);

  const auto first = client.ask(query("Www.Example.net", Type::a, {.id = 1}));
  const auto second = client.ask(query("wWW.example.net", Type::a, {.id = 2}));

  for (const auto& seen : {first, second}) {
    EXPECT_EQ(seen.rcode(), 0U);
    EXPECT_EQ(seen.addresses(), std::vector<std::string>{"192.0.2.1"});
    EXPECT_FALSE(seen.has(wire::flag_aa));
    EXPECT_TRUE(seen.has(wire::flag_ra));
  }
  EXPECT_EQ(second.id, 2);
  EXPECT_EQ(second.spelling, std::string("\3wWW\7example\3net\0", 17));
  EXPECT_EQ(resolver.heard(), 1);
  const auto counters = serving.server.counters();
  EXPECT_EQ(counters.cache_hits, 1U);
  EXPECT_EQ(counters.cache_misses, 1U);
  EXPECT_EQ(counters.cache_entries, 1U);
  EXPECT_EQ(counters.forwarded, 1U);
}

TEST(Forwarding, SendsNothingOfTheClientButItsQuestion) {
  Message heard_by_upstream;
  FakeResolver resolver([&](const Heard& heard) {
    heard_by_upstream = heard.message;
    return answer_www(heard);
  });
  const Serving serving(forwarding_to({resolver.endpoint()}));
  auto with_subnet = query("www.example.net", Type::a, {.id = 0x4242, .payload = 4096});
  const Message subnet{0, 8, 0, 7, 0, 1, 24, 0, 10, 1, 2};
  with_subnet.back() = static_cast<std::uint8_t>(subnet.size());
  with_subnet.insert(with_subnet.end(), subnet.begin(), subnet.end());

  UdpClient(serving.at).ask(with_subnet);

  wire::Query sent;
  ASSERT_EQ(wire::parse_query(heard_by_upstream, sent), wire::Verdict::ok);
  EXPECT_TRUE(sent.wants(wire::flag_rd));
  EXPECT_EQ(sent.edns.payload, 1232);
  EXPECT_EQ(heard_by_upstream.size(), query("www.example.net", Type::a, {.payload = 1232}).size());
}

TEST(Forwarding, UsesManyPortsAndIds) {
  std::set<std::uint16_t> ids;
  Gate gate;
  FakeResolver resolver([&](const Heard& heard) {
    gate.wait();
    ids.insert(wire::load16(heard.message.data()));
    return std::vector<Message>{reply_to(heard.message, {.rcode = 3})};
  });
  const Serving serving(forwarding_to({resolver.endpoint()}));
  UdpClient client(serving.at);
  for (int i = 0; i < 80; ++i) {
    client.send(query("host-" + std::to_string(i) + ".example.net", Type::a));
  }
  while (serving.server.counters().forwarded < 80) {
    std::this_thread::yield();
  }
  gate.open();
  for (int i = 0; i < 80; ++i) {
    ASSERT_TRUE(client.receive().has_value());
  }

  EXPECT_GE(resolver.ports().size(), 10U) << "one for eight queries that overlap";
  EXPECT_GE(ids.size(), 75U);
}

TEST(Forwarding, EqualQuestionsShareOneExchange) {
  Gate gate;
  FakeResolver resolver([&](const Heard& heard) {
    gate.wait();
    return answer_www(heard);
  });
  const Serving serving(forwarding_to({resolver.endpoint()}));
  UdpClient client(serving.at);
  TcpClient tcp(serving.at);
  constexpr std::uint16_t askers = 50;
  for (std::uint16_t id = 0; id < askers; ++id) {
    client.send(query("www.example.net", Type::a, {.id = id}));
  }
  tcp.send(query("www.example.net", Type::a, {.id = 999}));
  while (serving.server.counters().cache_misses < askers + 1) {
    std::this_thread::yield();
  }
  gate.open();

  std::set<std::uint16_t> ids;
  for (int i = 0; i < askers; ++i) {
    const auto reply = client.receive();
    ASSERT_TRUE(reply.has_value());
    ids.insert(take_apart(*reply).id);
  }
  EXPECT_EQ(ids.size(), askers);
  EXPECT_TRUE(tcp.receive().has_value());
  EXPECT_EQ(resolver.heard(), 1);
}

TEST(Forwarding, CachesThatANameDoesNotExist) {
  FakeResolver resolver([](const Heard& heard) {
    return std::vector<Message>{
        reply_to(heard.message, {.rcode = 3, .authority = {soa("example.net", 3600, 60)}})};
  });
  const Serving serving(forwarding_to({resolver.endpoint()}));
  UdpClient client(serving.at);

  for (int i = 0; i < 3; ++i) {
    const auto seen = client.ask(www);
    EXPECT_EQ(seen.rcode(), 3U);
    EXPECT_EQ(seen.authority.size(), 1U);
  }
  EXPECT_EQ(resolver.heard(), 1);
}

TEST(Forwarding, GoesOnToTheNextWhenOneRefuses) {
  for (const unsigned rcode : {1U, 2U, 4U, 5U}) {
    FakeResolver refuser([rcode](const Heard& heard) {
      return std::vector<Message>{reply_to(heard.message, {.rcode = rcode, .extended_error = 18})};
    });
    FakeResolver resolver(answer_www);
    const Serving serving(impatient({refuser.endpoint(), resolver.endpoint()}));

    EXPECT_EQ(UdpClient(serving.at).ask(www).addresses().size(), 1U) << rcode;
    EXPECT_EQ(refuser.heard(), 1);
  }
}

TEST(Forwarding, SaysWhatAllResolversSay) {
  const auto refusing_with = [](unsigned rcode) {
    return [rcode](const Heard& heard) {
      return std::vector<Message>{reply_to(heard.message, {.rcode = rcode})};
    };
  };
  for (const auto& [one, other, told] : {std::tuple{5U, 5U, 5U},
                                         {4U, 4U, 4U},
                                         {2U, 2U, 2U},
                                         {1U, 1U, 2U},
                                         {5U, 2U, 2U},
                                         {2U, 5U, 2U},
                                         {4U, 5U, 2U}}) {
    FakeResolver first(refusing_with(one));
    FakeResolver second(refusing_with(other));
    const Serving serving(forwarding_to({first.endpoint(), second.endpoint()}));
    UdpClient client(serving.at);

    EXPECT_EQ(client.ask(www).rcode(), told) << one << " and " << other;
    EXPECT_EQ(client.ask(www).rcode(), told) << "kept for a while";
  }
}

TEST(Forwarding, GoesOnToTheNextWhenOneIsSilentAndRemembersIt) {
  FakeResolver silent(stay_silent);
  FakeResolver resolver([](const Heard& heard) {
    return std::vector<Message>{reply_to(heard.message, {.rcode = 3})};  // no SOA: never cached
  });
  const Serving serving(impatient({silent.endpoint(), resolver.endpoint()}));
  UdpClient client(serving.at);

  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(client.ask(www).rcode(), 3U);
  }
  EXPECT_LE(silent.heard(), 2) << "it is passed over for a while";
  EXPECT_EQ(resolver.heard(), 5);
}

TEST(Forwarding, GoesOnToTheNextWhenAPortIsClosed) {
  Endpoint closed;
  {
    const FakeResolver gone(stay_silent);
    closed = gone.endpoint();
  }
  FakeResolver resolver(answer_www);
  const Serving serving(forwarding_to({closed, resolver.endpoint()}));

  EXPECT_EQ(UdpClient(serving.at).ask(www).addresses().size(), 1U);
}

TEST(Forwarding, AsksAgainWhenAPacketIsLost) {
  FakeResolver resolver([](const Heard& heard) {
    return heard.number == 1 ? std::vector<Message>{} : answer_www(heard);
  });
  const Serving serving(impatient({resolver.endpoint()}));

  EXPECT_EQ(UdpClient(serving.at).ask(www).addresses().size(), 1U);
  EXPECT_EQ(resolver.heard(), 2);
}

TEST(Forwarding, IgnoresRepliesThatAreNotToItsQuery) {
  FakeResolver resolver([](const Heard& heard) {
    auto wrong_id = address_of_www(heard, "192.0.2.66");
    wrong_id[0] ^= 0x55;
    auto wrong_question = heard.message;
    wrong_question[13] = 'x';
    auto of_another = reply_to(wrong_question, {.answers = {a("xww.example.net", "192.0.2.67")}});
    return std::vector<Message>{wrong_id, of_another, Message{1, 2, 3}, address_of_www(heard)};
  });
  const Serving serving(forwarding_to({resolver.endpoint()}));

  EXPECT_EQ(UdpClient(serving.at).ask(www).addresses(), std::vector<std::string>{"192.0.2.1"});
}

TEST(Forwarding, GarbageUnderTheRightQuestionIsAFailure) {
  FakeResolver garbled([](const Heard& heard) {
    auto reply = address_of_www(heard);
    reply.resize(reply.size() - 2);
    return std::vector<Message>{reply};
  });
  FakeResolver resolver(answer_www);
  const Serving serving(forwarding_to({garbled.endpoint(), resolver.endpoint()}));

  EXPECT_EQ(UdpClient(serving.at).ask(www).addresses(), std::vector<std::string>{"192.0.2.1"});
}

TEST(Forwarding, FetchesLongAnswersOverTcpAndCutsThemForTheClient) {
  FakeResolver resolver([](const Heard& heard) {
    if (!heard.is_tcp) {
      return std::vector<Message>{reply_to(heard.message, {.flags = wire::flag_tc})};
    }
    ReplyForm form;
    for (int i = 0; i < 200; ++i) {
      form.answers.push_back(a("www.example.net", "192.0.2." + std::to_string(i)));
    }
    return std::vector<Message>{reply_to(heard.message, form)};
  });
  const Serving serving(forwarding_to({resolver.endpoint()}));

  const auto cut = UdpClient(serving.at).ask(www);
  const auto whole = TcpClient(serving.at).ask(www);

  EXPECT_TRUE(cut.has(wire::flag_tc));
  EXPECT_TRUE(cut.answers.empty());
  EXPECT_FALSE(whole.has(wire::flag_tc));
  EXPECT_EQ(whole.answers.size(), 200U);
}

TEST(Forwarding, TellsWhyNobodyAnswered) {
  FakeResolver silent(stay_silent);
  const Serving serving(impatient({silent.endpoint()}));
  UdpClient client(serving.at);

  const auto timed_out = client.ask(www);
  const auto again = client.ask(www);

  EXPECT_EQ(timed_out.rcode(), 2U);
  EXPECT_EQ(timed_out.extended_error, 22);
  EXPECT_EQ(again.rcode(), 2U);
  EXPECT_EQ(silent.heard(), 2) << "the failure is remembered (RFC 9520)";
}

TEST(Forwarding, PassesOnTheReasonOfUpstream) {
  FakeResolver resolver([](const Heard& heard) {
    return std::vector<Message>{reply_to(heard.message, {.rcode = 2, .extended_error = 6})};
  });
  const Serving serving(forwarding_to({resolver.endpoint()}));

  const auto seen = UdpClient(serving.at).ask(www);

  EXPECT_EQ(seen.rcode(), 2U);
  EXPECT_EQ(seen.extended_error, 6);
}

TEST(Forwarding, KeepsToTheDeadline) {
  FakeResolver silent(stay_silent);
  auto options = forwarding_to({silent.endpoint()});
  options.forwarding.deadline = 100ms;
  const Serving serving(options);

  EXPECT_EQ(UdpClient(serving.at).ask(www).rcode(), 2U);
}

TEST(Forwarding, RefusesWhatIsMoreThanMayBeUnderWay) {
  FakeResolver silent(stay_silent);
  auto options = forwarding_to({silent.endpoint()});
  options.forwarding.max_in_flight = 1;
  const Serving serving(options);
  UdpClient client(serving.at);

  client.send(query("first.example.net", Type::a));
  const auto second = client.ask(query("second.example.net", Type::a));

  EXPECT_EQ(second.rcode(), 5U);
}

TEST(Forwarding, ResolvesWhatAnAliasOfOursLeadsTo) {
  FakeResolver resolver(answer_www);
  const Serving serving(forwarding_to({resolver.endpoint()}));

  for (int i = 0; i < 2; ++i) {  // from upstream, then from the cache
    const auto seen = UdpClient(serving.at).ask(query("alias.cluster.local", Type::a));
    ASSERT_EQ(seen.answers.size(), 2U);
    EXPECT_EQ(seen.answers[0].type, Type::cname);
    EXPECT_EQ(seen.answers[1].owner, "www.example.net.");
    EXPECT_EQ(seen.addresses(), std::vector<std::string>{"192.0.2.1"});
    EXPECT_EQ(seen.rcode(), 0U);
  }
  EXPECT_EQ(resolver.heard(), 1);
}

TEST(Forwarding, AnAliasIsWhatItsTargetIs) {
  FakeResolver resolver([](const Heard& heard) {
    return std::vector<Message>{
        reply_to(heard.message, {.rcode = 3, .authority = {soa("example.net", 60, 60)}})};
  });
  const Serving serving(forwarding_to({resolver.endpoint()}));

  const auto seen = UdpClient(serving.at).ask(query("alias.cluster.local", Type::a));

  EXPECT_EQ(seen.rcode(), 3U);
  ASSERT_EQ(seen.answers.size(), 1U);
  EXPECT_EQ(seen.answers[0].type, Type::cname);
  EXPECT_EQ(seen.authority.size(), 1U);
}

TEST(Forwarding, AnAliasWhoseTargetCannotBeHadIsServfail) {
  FakeResolver silent(stay_silent);
  const Serving serving(impatient({silent.endpoint()}));

  const auto seen = TcpClient(serving.at).ask(query("alias.cluster.local", Type::a));

  EXPECT_EQ(seen.rcode(), 2U);
  ASSERT_EQ(seen.answers.size(), 1U);
  EXPECT_EQ(seen.answers[0].type, Type::cname);
}

TEST(Forwarding, ReverseNamesOfPrivateAddressesStayHereUnlessToldOtherwise) {
  FakeResolver resolver([](const Heard& heard) {
    return std::vector<Message>{
        reply_to(heard.message,
                 {.answers = {ptr_record(name("3.2.1.10.in-addr.arpa"), name("x.example"), 60s)}})};
  });
  auto options = forwarding_to({resolver.endpoint()});
  Serving serving(options);
  UdpClient client(serving.at);
  const auto asked = query("3.2.1.10.in-addr.arpa", Type::ptr);

  const auto here = client.ask(asked);
  EXPECT_EQ(resolver.heard(), 0);
  options.forwarding.private_reverse = true;
  serving.server.forward(options.forwarding);
  const auto there = client.ask(asked);

  EXPECT_EQ(here.rcode(), 3U);
  EXPECT_EQ(here.authority.size(), 1U);
  EXPECT_EQ(there.answers.size(), 1U);
}

TEST(Forwarding, WithoutRecursionDesiredOnlyTheCacheSpeaks) {
  FakeResolver resolver(answer_www);
  const Serving serving(forwarding_to({resolver.endpoint()}));
  UdpClient client(serving.at);
  const auto without = query("www.example.net", Type::a, {.flags = 0});

  const auto before = client.ask(without);
  client.ask(www);
  const auto after = client.ask(without);

  EXPECT_EQ(before.rcode(), 5U);
  EXPECT_EQ(after.addresses().size(), 1U);
}

TEST(Forwarding, TakesNewUpstreamsWithQuestionsInFlight) {
  FakeResolver silent(stay_silent);
  FakeResolver resolver(answer_www);
  auto options = forwarding_to({silent.endpoint()});
  Serving serving(options);
  UdpClient client(serving.at);
  client.send(www);
  silent.wait_for(1);

  options.forwarding.upstreams = plain({resolver.endpoint()});
  const auto report = serving.server.forward(options.forwarding);

  EXPECT_EQ(report.upstreams, plain({resolver.endpoint()}));
  const auto reply = client.receive();
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(take_apart(*reply).addresses().size(), 1U);
}

TEST(Forwarding, StopsAfterItsGraceThoughUpstreamIsSilent) {
  FakeResolver silent(stay_silent);
  auto options = forwarding_to({silent.endpoint()});
  options.stop_grace = 50ms;
  Serving serving(options);
  UdpClient client(serving.at);
  client.send(www);
  silent.wait_for(1);

  serving.server.stop();  // and not an hour later

  EXPECT_EQ(serving.server.counters().responses[2], 0U) << "nobody had answered";
}

TEST(Forwarding, StoppingWaitsForAnswersThatAreOwed) {
  Gate gate;
  FakeResolver resolver([&](const Heard& heard) {
    gate.wait();
    return answer_www(heard);
  });
  auto options = forwarding_to({resolver.endpoint()});
  options.stop_grace = 1h;
  Serving serving(options);
  UdpClient client(serving.at);
  client.send(www);
  resolver.wait_for(1);

  std::thread stopper([&] { serving.server.stop(); });
  while (is_listening(serving.at)) std::this_thread::yield();
  gate.open();
  const auto reply = client.receive();
  stopper.join();

  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(take_apart(*reply).addresses().size(), 1U);
}

TEST(Forwarding, NeverAsksItself) {
  auto options = local_options();
  Serving serving(options);
  auto forwarding = options.forwarding;
  forwarding.upstreams = plain({serving.at});

  const auto report = serving.server.forward(forwarding);

  EXPECT_TRUE(report.upstreams.empty());
  EXPECT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(UdpClient(serving.at).ask(www).rcode(), 5U);
}

TEST(Forwarding, CountsWhatEachResolverDoes) {
  FakeResolver good([](const Heard& heard) {
    return std::vector<Message>{
        reply_to(heard.message, {.answers = {a("www.example.net", "192.0.2.1", 0)}})};
  });
  FakeResolver broken([](const Heard& heard) {
    auto reply = reply_to(heard.message, {});
    reply.resize(12);  // the question it answers is missing
    return std::vector<Message>{reply};
  });
  const auto options = impatient({broken.endpoint(), good.endpoint()});
  Serving serving(options);

  EXPECT_EQ(UdpClient(serving.at).ask(query("www.example.net", Type::a)).rcode(), 0U);

  const auto seen = serving.server.counters().upstreams;
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].upstream.endpoint, broken.endpoint());
  EXPECT_GE(seen[0].failures, 1U);
  EXPECT_EQ(seen[1].upstream.endpoint, good.endpoint());
  EXPECT_EQ(std::accumulate(seen[1].latency.counts.begin(), seen[1].latency.counts.end(), 0U), 1U);
  EXPECT_EQ(seen[1].failures, 0U);
  serving.server.forward(options.forwarding);
  EXPECT_GE(serving.server.counters().upstreams[0].failures, 1U) << "a reload forgets nothing";
}

}  // namespace
}  // namespace paddock::dns
