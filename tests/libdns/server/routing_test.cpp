// SPDX-License-Identifier: Apache-2.0
//
// Who is asked what, and what workers and reloads share.
#include "libdns/server/serving.hpp"
#include "support/fake_resolver.hpp"

#include <paddock/dns/view.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace paddock::dns {
namespace {

using namespace testing;
using namespace std::chrono_literals;

const Message www = query("www.example.net", Type::a, {.payload = 1232});

Message address_of_www(const Heard& heard, std::string_view address = "192.0.2.1") {
  return reply_to(heard.message, {.answers = {a("www.example.net", address)}});
}

std::vector<Message> answer_www(const Heard& heard) { return {address_of_www(heard)}; }

TEST(Routing, WorkersShareFlightsAndWhatIsKnown) {
  Gate gate;
  FakeResolver resolver([&](const Heard& heard) {
    gate.wait();
    return answer_www(heard);
  });
  auto options = forwarding_to({resolver.endpoint()});
  options.workers = 4;
  const Serving serving(options);
  constexpr unsigned askers = 32;  // from ports of their own, and so for all workers
  std::vector<std::unique_ptr<UdpClient>> clients;
  for (unsigned i = 0; i < askers; ++i) {
    clients.push_back(std::make_unique<UdpClient>(serving.at));
    clients.back()->send(www);
  }
  while (serving.server.counters().cache_misses < askers) {
    std::this_thread::yield();
  }
  gate.open();

  for (const auto& client : clients) {
    const auto reply = client->receive();
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(take_apart(*reply).addresses().size(), 1U);
  }
  for (const auto& client : clients) {
    EXPECT_EQ(client->ask(www).addresses().size(), 1U);
  }
  EXPECT_EQ(resolver.heard(), 1);
  EXPECT_EQ(serving.server.counters().cache_entries, 1U);
}

TEST(Routing, WorkersThatWaitForAFailureAreToldOfIt) {
  FakeResolver refuser([](const Heard& heard) {
    return std::vector<Message>{reply_to(heard.message, {.rcode = 5})};
  });
  auto options = forwarding_to({refuser.endpoint()});
  options.workers = 4;
  const Serving serving(options);

  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(UdpClient(serving.at).ask(www).rcode(), 5U);
  }
  EXPECT_EQ(refuser.heard(), 1);
}

TEST(Routing, WhatIsKnownSurvivesAReload) {
  FakeResolver resolver(answer_www);
  auto options = forwarding_to({resolver.endpoint()});
  Serving serving(options);
  UdpClient client(serving.at);
  client.ask(www);

  options.forwarding.cache_bytes /= 2;
  serving.server.forward(options.forwarding);
  serving.server.publish(small_authority());

  EXPECT_EQ(client.ask(www).addresses().size(), 1U);
  EXPECT_EQ(resolver.heard(), 1);
}

TEST(Routing, AClientsOwnResolversAreAskedBeforeEverybodys) {
  FakeResolver everybodys(answer_www);
  FakeResolver refusing_all_but_www([](const Heard& heard) {
    const std::string text(heard.message.begin(), heard.message.end());
    return std::vector<Message>{text.find("www") != text.npos
                                    ? address_of_www(heard, "10.1.1.1")
                                    : reply_to(heard.message, {.rcode = 5})};
  });
  auto options = forwarding_to({everybodys.endpoint()});
  options.forwarding.sets = {{"of one", plain({refusing_all_but_www.endpoint()})}};
  Serving serving(options);
  std::vector<Problem> problems;
  std::vector<View> views(1);
  views[0].clients_v4 = {boost::asio::ip::make_network_v4("127.0.0.1/32")};
  views[0].upstreams = "of one";
  serving.server.publish(small_authority(), std::make_shared<Views>(views, std::nullopt, problems));
  UdpClient client(serving.at);

  EXPECT_EQ(client.ask(www).addresses(), std::vector<std::string>{"10.1.1.1"});
  EXPECT_EQ(everybodys.heard(), 0);
  client.ask(query("other.example.net", Type::a));
  EXPECT_EQ(everybodys.heard(), 1) << "when its own cannot tell";

  serving.server.publish(small_authority());
  EXPECT_EQ(client.ask(www).addresses(), std::vector<std::string>{"192.0.2.1"})
      << "what one set knows is not told to others";
}

TEST(Routing, AsksTheResolversOfTheZoneAndNobodyElse) {
  FakeResolver others(answer_www);
  FakeResolver corporate([](const Heard& heard) {
    return std::vector<Message>{
        reply_to(heard.message, {.answers = {a("db.corp.example", "10.9.9.9")}})};
  });
  auto options = forwarding_to({others.endpoint()});
  options.forwarding.stubs = {{name("corp.example"), plain({corporate.endpoint()})},
                              {name("void.example"), {}}};
  const Serving serving(options);
  UdpClient client(serving.at);

  EXPECT_EQ(client.ask(query("db.corp.example", Type::a)).addresses().size(), 1U);
  EXPECT_EQ(client.ask(www).addresses().size(), 1U);
  EXPECT_EQ(client.ask(query("x.void.example", Type::a)).rcode(), 5U);
  EXPECT_EQ(corporate.heard(), 1);
  EXPECT_EQ(others.heard(), 1);
}

TEST(Routing, AStubZoneIsAskedForReverseNamesOfPrivateAddresses) {
  FakeResolver corporate([](const Heard& heard) {
    return std::vector<Message>{reply_to(
        heard.message,
        {.answers = {ptr_record(name("3.2.1.10.in-addr.arpa"), name("x.corp.example"), 60s)}})};
  });
  auto options = local_options();
  options.forwarding.stubs = {{name("10.in-addr.arpa"), plain({corporate.endpoint()})}};
  const Serving serving(options);

  const auto seen = UdpClient(serving.at).ask(query("3.2.1.10.in-addr.arpa", Type::ptr));

  EXPECT_EQ(seen.answers.size(), 1U);
}

}  // namespace
}  // namespace paddock::dns
