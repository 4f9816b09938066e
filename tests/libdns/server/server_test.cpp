// SPDX-License-Identifier: Apache-2.0
#include "libdns/server/serving.hpp"
#include "support/loopback_socket.hpp"

#include <paddock/dns/server.hpp>

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <optional>
#include <system_error>
#include <thread>

namespace paddock::dns {
namespace {

using namespace testing;
using namespace std::chrono_literals;

std::uint64_t sum(const Counters& counters) {
  std::uint64_t all = 0;
  for (const auto& protocol : counters.queries) {
    for (const auto& family : protocol) {
      for (const auto type : family) {
        all += type;
      }
    }
  }
  return all;
}

TEST(Server, SaysWhichPortIsTakenAndWhatToDo) {
  // Sockets with SO_REUSEPORT share a port; this one does not share.
  const test::LoopbackSocket stranger(SOCK_DGRAM);
  auto options = local_options();
  options.listen[0].port = stranger.port();

  try {
    const Server second(options, small_authority());
    FAIL() << "the port is taken";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    const std::string text = error.what();
    EXPECT_NE(text.find(format(options.listen[0])), std::string::npos) << text;
    EXPECT_NE(text.find("stop that one, or listen on another"), std::string::npos) << text;
  }
}

TEST(Server, NeedsSomewhereToListenAndSomethingToSay) {
  EXPECT_THROW(Server({}, small_authority()), std::invalid_argument);
  EXPECT_THROW(Server(local_options(), nullptr), std::invalid_argument);
}

// While it lives, a new thread asks for a larger stack than there are addresses.
class NoThreads {
 public:
  NoThreads() {
    ::pthread_getattr_default_np(&before_);
    pthread_attr_t vast;
    ::pthread_getattr_default_np(&vast);
    ::pthread_attr_setstacksize(&vast, std::size_t{1} << 47);
    ::pthread_setattr_default_np(&vast);
    ::pthread_attr_destroy(&vast);
  }
  ~NoThreads() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_;
};

TEST(Server, SaysThatThereIsNoThreadToBeHad) {
  const NoThreads none;

  try {
    const Server server(local_options(), small_authority());
    FAIL() << "without a thread";
  } catch (const std::system_error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("thread of DNS worker 1: have fewer workers"), std::string::npos) << text;
  }
}

TEST(Server, BindsAddressesThatDoNotExistYet) {
  auto options = local_options();
  options.listen = {{boost::asio::ip::make_address("192.0.2.250"), 0}};

  const Serving serving(options);

  EXPECT_NE(serving.at.port, 0);
}

TEST(Server, IsNotReadyUntilToldSo) {
  Server server(local_options(), small_authority());
  UdpClient client(server.endpoints()[0]);
  const auto asked = query("web.cluster.local", Type::a, {.payload = 1232});

  const auto before = client.ask(asked);
  server.set_status(Status::ready);
  const auto after = client.ask(asked);
  server.set_status(Status::stale);
  const auto stale = client.ask(asked);

  EXPECT_EQ(before.rcode(), 2U);
  EXPECT_EQ(before.extended_error, 14);
  EXPECT_EQ(after.addresses(), std::vector<std::string>{"10.0.0.1"});
  EXPECT_EQ(after.extended_error, -1);
  EXPECT_EQ(stale.addresses(), std::vector<std::string>{"10.0.0.1"});
  EXPECT_EQ(stale.extended_error, 3);
}

TEST(Server, AnswersFromWhatWasPublishedOncePublishReturned) {
  Serving serving(local_options(2));
  UdpClient udp(serving.at);
  TcpClient tcp(serving.at);
  const auto asked = query("web.cluster.local", Type::a);
  ASSERT_EQ(udp.ask(asked).addresses(), std::vector<std::string>{"10.0.0.1"});

  for (int i = 2; i < 50; ++i) {
    const auto address = "10.0.0." + std::to_string(i);
    serving.server.publish(authority_of({a("web.cluster.local", address)}));
    ASSERT_EQ(udp.ask(asked).addresses(), std::vector<std::string>{address});
    ASSERT_EQ(tcp.ask(asked).addresses(), std::vector<std::string>{address});
  }
}

TEST(Server, GivesUpTheOldAuthorityWhenPublishReturns) {
  Serving serving(local_options(2));
  auto next = small_authority();
  const std::weak_ptr<const Authority> watched = next;
  serving.server.publish(std::move(next));
  ASSERT_FALSE(watched.expired());

  serving.server.publish(small_authority());

  EXPECT_TRUE(watched.expired());
}

// Snapshot N has N of A and of AAAA records, which end in 1 to N: a reply must be the whole of one,
// and none may be lost.
TEST(Server, PublishingUnderLoadLosesAndTearsNothing) {
  constexpr int snapshots = 8;
  std::vector<std::shared_ptr<const Authority>> authorities;
  std::vector<Record> records;
  for (int i = 1; i <= snapshots; ++i) {
    records.push_back(a("web.cluster.local", "10.0.0." + std::to_string(i)));
    records.push_back(a("web.cluster.local", "fd00::" + std::to_string(i)));
    authorities.push_back(authority_of(records));
  }
  Serving serving(local_options(2), authorities[0]);
  std::atomic<bool> is_done = false;
  std::thread publisher([&] {
    for (int round = 0; round < 300; ++round) {
      serving.server.publish(authorities[static_cast<std::size_t>(round % snapshots)]);
    }
    is_done = true;
  });

  int asked = 0;
  UdpClient client(serving.at);
  const auto for_a = query("web.cluster.local", Type::a);
  const auto for_aaaa = query("web.cluster.local", Type::aaaa);
  do {
    // Both in one datagram batch or not: each is one whole set.
    client.send(for_a);
    client.send(for_aaaa);
    for (int i = 0; i < 2; ++i, ++asked) {
      const auto reply = client.receive();
      ASSERT_TRUE(reply.has_value()) << "a query was lost after " << asked;
      const auto seen = take_apart(*reply);
      ASSERT_EQ(seen.rcode(), 0U);
      ASSERT_GE(seen.answers.size(), 1U);
      ASSERT_LE(seen.answers.size(), static_cast<std::size_t>(snapshots));
      std::vector<std::string> data;
      for (const auto& record : seen.answers) {
        data.push_back(record.data);
      }
      std::ranges::sort(data);
      for (std::size_t k = 0; k < data.size(); ++k) {
        ASSERT_EQ(static_cast<std::size_t>(data[k].back()), k + 1) << "not the set of a snapshot";
      }
    }
  } while (!is_done);
  publisher.join();
  EXPECT_EQ(sum(serving.server.counters()), static_cast<std::uint64_t>(asked));
}

TEST(Server, CountsWhatItDoes) {
  const Serving serving(local_options(2));
  UdpClient udp(serving.at);
  TcpClient tcp(serving.at);
  udp.ask(query("web.cluster.local", Type::a));
  udp.ask(query("web.cluster.local", Type::srv));
  udp.ask(query("none.cluster.local", Type::a));
  tcp.ask(query("www.example.net", Type::aaaa));

  const auto counters = serving.server.counters();

  EXPECT_EQ(sum(counters), 4U);
  EXPECT_EQ(counters.queries[0][0][static_cast<std::size_t>(TypeGroup::a)], 2U);
  EXPECT_EQ(counters.queries[0][0][static_cast<std::size_t>(TypeGroup::srv)], 1U);
  EXPECT_EQ(counters.queries[1][0][static_cast<std::size_t>(TypeGroup::aaaa)], 1U);
  EXPECT_EQ(counters.responses[0], 2U);
  EXPECT_EQ(counters.responses[3], 1U);
  EXPECT_EQ(counters.responses[5], 1U) << "not ours, and nobody to ask";
  EXPECT_EQ(counters.tcp_accepted, 1U);
  EXPECT_EQ(counters.tcp_open, 1U);
  EXPECT_EQ(counters.dropped, 0U);
}

// Clients ask from ever new ports, so that each server in turn has queries waiting when it stops.
TEST(Server, AnotherTakesItsPlaceWithoutLosingAQuery) {
  auto server = std::make_unique<Serving>(local_options(2));
  const Endpoint at = server->at;
  std::atomic<bool> is_done = false;
  const auto ask_on = [&] {
    const auto asked = query("web.cluster.local", Type::a);
    while (!is_done) {
      UdpClient client(at);
      for (int i = 0; i < 8; ++i) client.send(asked);
      for (int i = 0; i < 8; ++i) {
        if (!client.receive()) {
          ADD_FAILURE() << "a query was lost";
          return;
        }
      }
    }
  };
  std::thread first(ask_on);
  std::thread second(ask_on);

  for (int round = 0; round < 20; ++round) {
    auto options = local_options(2);
    options.listen = {at};
    auto next = std::make_unique<Serving>(options);
    server->server.stop();
    server = std::move(next);
  }

  is_done = true;
  first.join();
  second.join();
}

TEST(Server, AConnectionJustMadeIsAnsweredBeforeItStops) {
  auto options = local_options();
  options.stop_grace = 1h;
  Serving serving(options);
  TcpClient fresh(serving.at);
  std::thread stopping([&] { serving.server.stop(); });
  while (is_listening(serving.at)) std::this_thread::yield();

  EXPECT_EQ(fresh.ask(query("web.cluster.local", Type::a)).rcode(), 0U);

  stopping.join();
  EXPECT_TRUE(fresh.is_closed());
}

TEST(Server, DoesNotWaitForAConnectionJustMadeThatIsGone) {
  auto options = local_options();
  options.stop_grace = 1h;
  Serving serving(options);
  std::optional<TcpClient> fresh(std::in_place, serving.at);
  std::thread stopping([&] { serving.server.stop(); });
  while (is_listening(serving.at)) std::this_thread::yield();

  fresh.reset();

  stopping.join();  // and not an hour later
  EXPECT_EQ(serving.server.counters().tcp_open, 0U);
}

TEST(Server, StopsAtOnceWhenNothingIsOwed) {
  auto options = local_options(2);
  options.stop_grace = 1h;  // longer than any test may take
  Serving serving(options);
  TcpClient idle(serving.at);
  idle.ask(query("web.cluster.local", Type::a));

  serving.server.stop();  // and not an hour later

  EXPECT_TRUE(idle.is_closed());
  serving.server.stop();
  serving.server.publish(small_authority());
}

}  // namespace
}  // namespace paddock::dns
