// SPDX-License-Identifier: Apache-2.0
#include "libdns/server/serving.hpp"

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

using namespace testing;

TEST(Udp, AnswersFromTheAuthority) {
  const Serving serving;
  UdpClient client(serving.at);

  const auto seen = client.ask(query("WEB.cluster.local", Type::a, {.id = 77}));

  EXPECT_EQ(seen.id, 77);
  EXPECT_EQ(seen.rcode(), 0U);
  EXPECT_TRUE(seen.has(wire::flag_aa));
  EXPECT_EQ(seen.addresses(), std::vector<std::string>{"10.0.0.1"});
}

TEST(Udp, AnswersEveryQueryOfABurst) {
  const Serving serving;
  UdpClient client(serving.at);
  constexpr int burst = 130;  // several batches, and no more than the client can buffer

  for (int i = 0; i < burst; ++i) {
    client.send(query("web.cluster.local", Type::a, {.id = static_cast<std::uint16_t>(i)}));
  }

  std::vector<bool> seen(burst);
  for (int i = 0; i < burst; ++i) {
    const auto reply = client.receive();
    ASSERT_TRUE(reply.has_value());
    seen.at(take_apart(*reply).id) = true;
  }
  EXPECT_EQ(std::ranges::count(seen, true), burst);
}

TEST(Udp, IgnoresWhatIsNoQueryAndAnswersTheNext) {
  const Serving serving;
  UdpClient client(serving.at);
  auto response = query("web.cluster.local", Type::a, {.id = 1});
  response[2] |= 0x80;

  client.send({});
  client.send({0x12});
  client.send(response);
  const auto seen = client.ask(query("web.cluster.local", Type::a, {.id = 2}));

  EXPECT_EQ(seen.id, 2);
  EXPECT_EQ(serving.server.counters().dropped, 3U);
}

// The address asked is the one that answers, though the socket is bound to all.
TEST(Udp, RepliesFromTheAddressThatWasAsked) {
  auto options = local_options();
  options.listen = {{boost::asio::ip::make_address("0.0.0.0"), 0}};
  const Serving serving(options);

  for (const char* address : {"127.0.0.1", "127.0.0.2", "127.9.9.9"}) {
    UdpClient client({boost::asio::ip::make_address(address), serving.at.port});
    // The client's socket is connected: a reply from elsewhere would not arrive.
    EXPECT_EQ(client.ask(query("web.cluster.local", Type::a)).addresses().size(), 1U) << address;
  }
}

}  // namespace
}  // namespace paddock::dns
