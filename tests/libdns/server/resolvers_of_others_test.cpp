// SPDX-License-Identifier: Apache-2.0
//
// Forwarding to a real unbound, by every way it can be spoken to.
#include "libdns/server/serving.hpp"
#include "support/unbound.hpp"

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

using namespace testing;
using namespace std::chrono_literals;

const Message www = query("www.example.net", Type::a, {.payload = 1232});

class ResolversOfOthers : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_TRUE(Unbound::is_installed()) << "see packaging/packages.txt";
    unbound = new Unbound;
  }
  static void TearDownTestSuite() {
    delete unbound;
    unbound = nullptr;
  }
  static ServerOptions through(Upstream upstream) {
    auto options = local_options();
    options.forwarding.upstreams = {std::move(upstream)};
    options.forwarding.attempt_timeout = options.forwarding.deadline = 60s;
    options.forwarding.tls_ca = unbound->certificate();
    return options;
  }

  static inline Unbound* unbound = nullptr;
};

TEST_F(ResolversOfOthers, AreAskedOverUdpAndOverTcpForWhatIsLong) {
  const Serving serving(through(unbound->plain()));

  EXPECT_EQ(UdpClient(serving.at).ask(www).addresses().size(), 1U);
  EXPECT_EQ(TcpClient(serving.at).ask(query("big.example.net", Type::a)).answers.size(), 100U);
  const auto missing = UdpClient(serving.at).ask(query("no.example.net", Type::a));
  EXPECT_EQ(missing.rcode(), 3U);
}

TEST_F(ResolversOfOthers, AreAskedOverOneTcpConnectionForManyQuestions) {
  const Serving serving(through(unbound->tcp()));
  TcpClient client(serving.at);
  for (std::uint16_t i = 0; i < 50; ++i) {
    client.send(query("host-" + std::to_string(i) + ".example.net", Type::a, {.id = i}));
  }
  for (int i = 0; i < 50; ++i) {
    const auto reply = client.receive();
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(take_apart(*reply).rcode(), 3U);
  }

  EXPECT_EQ(client.ask(query("big.example.net", Type::a)).answers.size(), 100U);
  EXPECT_EQ(serving.server.counters().forward_failures, 0U);
}

TEST_F(ResolversOfOthers, AreAskedOverTlsWhenTheCertificateIsRight) {
  const Serving serving(through(unbound->tls("resolver.example")));
  UdpClient client(serving.at);

  EXPECT_EQ(client.ask(www).addresses().size(), 1U);
  EXPECT_EQ(client.ask(query("no.example.net", Type::a)).rcode(), 3U);
  EXPECT_EQ(serving.server.counters().forward_failures, 0U);
}

TEST_F(ResolversOfOthers, AreAskedNothingWhenTheCertificateIsAnothers) {
  for (const char* name : {"other.example", ""}) {
    const Serving serving(through(unbound->tls(name)));

    const auto seen = UdpClient(serving.at).ask(www);

    EXPECT_EQ(seen.rcode(), 2U) << name;
    EXPECT_EQ(seen.extended_error, 23) << name;
  }
}

TEST_F(ResolversOfOthers, AreAskedNothingWhenNobodyTrustsTheCertificate) {
  auto options = through(unbound->tls("resolver.example"));
  options.forwarding.tls_ca.clear();
  const Serving serving(options);

  const auto seen = UdpClient(serving.at).ask(www);

  EXPECT_EQ(seen.rcode(), 2U);
  EXPECT_EQ(seen.extended_error, 23);
}

TEST_F(ResolversOfOthers, MayCloseAConnectionAndAreAskedOverTheNext) {
  const Serving serving(through(unbound->tls("resolver.example")));
  UdpClient client(serving.at);
  EXPECT_EQ(client.ask(www).addresses().size(), 1U);

  unbound->stop();
  unbound->start();

  EXPECT_EQ(client.ask(query("big.example.net", Type::a, {.payload = 512})).rcode(), 0U);
  EXPECT_EQ(serving.server.counters().forward_failures, 0U);
}

}  // namespace
}  // namespace paddock::dns
