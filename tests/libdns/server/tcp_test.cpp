// SPDX-License-Identifier: Apache-2.0
#include "libdns/server/serving.hpp"
#include "support/fake_resolver.hpp"

#include <gtest/gtest.h>

#include <set>

namespace paddock::dns {
namespace {

using namespace testing;
using namespace std::chrono_literals;

const Message web = query("web.cluster.local", Type::a);

TEST(Tcp, AnswersAHundredPipelinedQueriesOfOneWrite) {
  const Serving serving;
  TcpClient client(serving.at);
  Message all;
  for (std::uint16_t id = 0; id < 100; ++id) {
    const auto frame = TcpClient::framed(query("web.cluster.local", Type::a, {.id = id}));
    all.insert(all.end(), frame.begin(), frame.end());
  }

  client.write(all);

  for (std::uint16_t id = 0; id < 100; ++id) {
    const auto reply = client.receive();
    ASSERT_TRUE(reply.has_value());
    const auto seen = take_apart(*reply);
    EXPECT_EQ(seen.id, id);
    EXPECT_EQ(seen.addresses().size(), 1U);
  }
}

TEST(Tcp, TakesAMessageOctetByOctet) {
  const Serving serving;
  TcpClient client(serving.at);

  for (const auto octet : TcpClient::framed(web)) {
    client.write({octet});
  }

  const auto reply = client.receive();
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(take_apart(*reply).addresses().size(), 1U);
}

TEST(Tcp, AStalledClientDelaysNobody) {
  const Serving serving;
  TcpClient half_a_length(serving.at);
  half_a_length.write({0});
  TcpClient half_a_message(serving.at);
  half_a_message.write({0, 200, 1, 2, 3});
  TcpClient does_not_read(serving.at);
  const auto frame = TcpClient::framed(web);
  for (bool is_accepted = true; is_accepted;) {  // until the server stops reading it
    is_accepted = ::send(does_not_read.number(), frame.data(), frame.size(),
                         MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(frame.size());
  }

  TcpClient other(serving.at);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(other.ask(web).addresses().size(), 1U);
  }
}

TEST(Tcp, AClientThatReadsLateGetsEverything) {
  const Serving serving;
  TcpClient client(serving.at);
  const auto frame = TcpClient::framed(web);
  int sent = 0;
  while (::send(client.number(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
         static_cast<ssize_t>(frame.size())) {
    ++sent;
  }
  ASSERT_GT(sent, 1000);
  // The last send may have been cut; it does not matter which message is incomplete.
  client.finish_sending();

  int received = 0;
  while (const auto reply = client.receive()) {
    ++received;
  }

  EXPECT_EQ(received, sent);
}

TEST(Tcp, AnswersAClientThatClosedItsSide) {
  const Serving serving;
  TcpClient client(serving.at);
  client.send(web);
  client.send(web);
  client.finish_sending();

  EXPECT_TRUE(client.receive().has_value());
  EXPECT_TRUE(client.receive().has_value());
  EXPECT_TRUE(client.is_closed());
}

TEST(Tcp, WaitsForUpstreamOnBehalfOfAClientThatClosedItsSide) {
  FakeResolver resolver([](const Heard& heard) {
    return std::vector<Message>{
        reply_to(heard.message, {.answers = {a("www.example.net", "192.0.2.1")}})};
  });
  const Serving serving(forwarding_to({resolver.endpoint()}));
  TcpClient client(serving.at);
  client.send(query("www.example.net", Type::a));
  client.finish_sending();

  const auto reply = client.receive();

  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(take_apart(*reply).addresses(), std::vector<std::string>{"192.0.2.1"});
  EXPECT_TRUE(client.is_closed());
}

TEST(Tcp, AMessageTooShortToBeOneEndsTheConnection) {
  const Serving serving;
  for (const Message& octets : {Message{0, 0}, Message{0, 3, 1, 2, 3}}) {
    TcpClient client(serving.at);
    client.send(web);
    client.write(octets);

    EXPECT_TRUE(client.receive().has_value()) << "what came before is answered";
    EXPECT_TRUE(client.is_closed());
  }
}

TEST(Tcp, RepliesThatWaitAreOvertaken) {
  Gate gate;
  FakeResolver resolver([&](const Heard& heard) {
    gate.wait();
    return std::vector<Message>{
        reply_to(heard.message, {.answers = {a("www.example.net", "192.0.2.1")}})};
  });
  const Serving serving(forwarding_to({resolver.endpoint()}));
  TcpClient client(serving.at);

  client.send(query("www.example.net", Type::a, {.id = 1}));
  const auto first = client.ask(query("web.cluster.local", Type::a, {.id = 2}));
  gate.open();
  const auto second = client.receive();

  EXPECT_EQ(first.id, 2);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(take_apart(*second).id, 1);
}

TEST(Tcp, IdleConnectionsAreClosed) {
  auto options = local_options();
  options.tcp.idle_timeout = 1s;
  const Serving serving(options);
  TcpClient client(serving.at);
  client.ask(web);

  EXPECT_TRUE(client.is_closed());
}

TEST(Tcp, UnfinishedMessagesEndTheConnection) {
  auto options = local_options();
  options.tcp.message_timeout = 50ms;
  const Serving serving(options);
  TcpClient client(serving.at);
  client.write({0, 200, 1});

  EXPECT_TRUE(client.is_closed());
}

TEST(Tcp, RefusesConnectionsOverTheLimitOfAClient) {
  auto options = local_options(2);
  options.tcp.max_connections_per_client = 2;
  const Serving serving(options);
  TcpClient first(serving.at);
  TcpClient second(serving.at);
  first.ask(web);
  second.ask(web);

  TcpClient third(serving.at);

  EXPECT_TRUE(third.is_closed());
  EXPECT_EQ(first.ask(web).addresses().size(), 1U);
  EXPECT_EQ(serving.server.counters().tcp_refused, 1U);
}

}  // namespace
}  // namespace paddock::dns
