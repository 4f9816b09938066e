// SPDX-License-Identifier: Apache-2.0
#include "libdns/server/serving.hpp"
#include "support/fake_resolver.hpp"

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

using namespace testing;

TEST(QueryLog, EveryQueryIsNotedWithWhoAskedAndWhatCameOfIt) {
  FakeResolver resolver([](const Heard& heard) {
    return std::vector<Message>{
        reply_to(heard.message, {.answers = {a("www.example.net", "192.0.2.1", 60)}})};
  });
  Serving serving(forwarding_to({resolver.endpoint()}));
  serving.server.set_query_log(1);

  (void)UdpClient(serving.at).ask(query("WEB.cluster.local", Type::a));
  (void)UdpClient(serving.at).ask(query("nope.cluster.local", Type::aaaa));
  (void)UdpClient(serving.at).ask(query("www.example.net", Type::a));

  const auto noted = serving.server.take_query_log();
  ASSERT_EQ(noted.size(), 3U);
  EXPECT_EQ(noted[0].name, name("web.cluster.local"));
  EXPECT_EQ(noted[0].type, Type::a);
  EXPECT_EQ(noted[0].rcode, Rcode::noerror);
  EXPECT_EQ(noted[0].client.to_string(), "127.0.0.1");
  EXPECT_EQ(noted[0].transport, Transport::udp);
  EXPECT_EQ(noted[1].rcode, Rcode::nxdomain);
  EXPECT_EQ(format(noted[1].type), "AAAA");
  EXPECT_EQ(noted[2].name, name("www.example.net")) << "answered by another resolver";
  EXPECT_TRUE(serving.server.take_query_log().empty());
}

TEST(QueryLog, IsASample) {
  Serving serving;
  serving.server.set_query_log(5);
  UdpClient client(serving.at);

  for (int i = 0; i < 20; ++i) (void)client.ask(query("web.cluster.local", Type::a));

  EXPECT_EQ(serving.server.take_query_log().size(), 4U);
}

TEST(QueryLog, WhatDoesNotFitIsCounted) {
  Serving serving;
  serving.server.set_query_log(1);
  UdpClient client(serving.at);

  for (int i = 0; i < 4100; ++i) (void)client.ask(query("web.cluster.local", Type::a));

  EXPECT_EQ(serving.server.counters().log_left_out, 4U);
  EXPECT_EQ(serving.server.take_query_log().size(), 4096U);
}

TEST(QueryLog, NothingIsNotedUnlessAsked) {
  Serving serving;

  (void)UdpClient(serving.at).ask(query("web.cluster.local", Type::a));
  EXPECT_TRUE(serving.server.take_query_log().empty());
  serving.server.set_query_log(1);
  serving.server.set_query_log(0);
  (void)UdpClient(serving.at).ask(query("web.cluster.local", Type::a));
  EXPECT_TRUE(serving.server.take_query_log().empty());
}

}  // namespace
}  // namespace paddock::dns
