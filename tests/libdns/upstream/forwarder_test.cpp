// SPDX-License-Identifier: Apache-2.0
//
// What depends on time, which is told to the forwarder. The rest is tested over
// real sockets in server/forwarding_test.cpp.
#include "upstream/forwarder.hpp"

#include "support/fake_resolver.hpp"
#include "support/loopback_socket.hpp"
#include "support/no_descriptors.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>

namespace paddock::dns::upstream {
namespace {

using namespace std::chrono_literals;
using testing::a;
using testing::FakeResolver;
using testing::Heard;
using testing::Message;
using testing::reply_to;

// A forwarder with a loop of its own and no clock but `now`.
class ForwarderTest : public ::testing::Test, public Poller {
 protected:
  void configure(const std::vector<Endpoint>& upstreams,
                 Upstream::Transport transport = Upstream::Transport::udp) {
    options_.attempt_timeout = 30s;  // c-ares has a real clock; here the deadline decides
    ForwardingReport report;
    for (const auto& upstream : upstreams) {
      report.upstreams.push_back({.endpoint = upstream, .transport = transport});
    }
    shared_.cache.set_limits({.bytes = 1U << 20});
    plans_.push_back(std::make_unique<Plan>(planner_.plan(report)));
    forwarder_.configure(options_, *plans_.back(), now);
  }

  void watch(int descriptor, bool readable, bool writable) override {
    if (readable || writable) {
      watched_[descriptor] = static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
    } else {
      watched_.erase(descriptor);
    }
  }

  void ask(const char* name = "www.example.net") {
    forwarder_.ask(question(name), 0, ++asked_, now);
  }

  // Runs the loop until `count` answers have been given in all.
  void run_until(std::size_t count) {
    while (given.size() < count) {
      ASSERT_NO_FATAL_FAILURE(turn());
    }
  }

  void turn() {
    std::vector<pollfd> ready;
    for (const auto& [descriptor, events] : watched_) {
      ready.push_back({descriptor, events, 0});
    }
    ASSERT_GT(::poll(ready.data(), ready.size(), 20'000), 0) << "nothing came";
    for (const auto& one : ready) {
      if (one.revents != 0) {
        forwarder_.ready(one.fd, (one.revents & ~POLLOUT) != 0, (one.revents & POLLOUT) != 0, now);
      }
    }
  }

  void pass(TimePoint::duration time) {
    now += time;
    forwarder_.expire(now);
  }

  struct Given {
    bool is_answer;
    bool is_stale;
    ExtendedError error;
  };

  [[nodiscard]] Question question(const char* name) const {
    return {testing::name(name).wire(), 1, 1, {}, plans_.back()->group(0).id};
  }
  [[nodiscard]] Question www() const { return question("www.example.net"); }

  TimePoint now{1h};
  std::vector<Given> given;
  std::function<void()> when_given;  // the next time
  ForwardTallies tallies;

 private:
  std::map<int, short> watched_;
  std::uint64_t asked_ = 0;
  Planner planner_;
  std::vector<std::unique_ptr<Plan>> plans_;

 protected:
  ForwardOptions options_;
  Shared shared_{1};
  Forwarder forwarder_{
      shared_, 0, *this, tallies, [this](std::uint64_t, const Resolution& resolution) {
        given.push_back({resolution.answer.has_value(), resolution.presentation.is_stale,
                         resolution.failure.error});
        if (const auto then = std::exchange(when_given, nullptr)) {
          then();
        }
      }};
};

// Answers the first query, and then does `later`.
FakeResolver::Script once_and_then(FakeResolver::Script later) {
  return [later = std::move(later)](const Heard& heard) {
    return heard.number == 1
               ? std::vector<Message>{reply_to(
                     heard.message, {.answers = {a("www.example.net", "192.0.2.1", 60)}})}
               : later(heard);
  };
}

TEST_F(ForwarderTest, GivesAStaleAnswerWhenUpstreamIsSlowAndGoesOnAsking) {
  FakeResolver resolver(once_and_then([](const Heard&) { return std::vector<Message>{}; }));
  configure({resolver.endpoint()});
  ask();
  run_until(1);
  now += 100s;
  ASSERT_FALSE(forwarder_.find(www(), now).has_value()) << "expired";
  ask();

  pass(1799ms);
  EXPECT_EQ(given.size(), 1U);
  pass(1ms);
  ASSERT_EQ(given.size(), 2U);
  EXPECT_TRUE(given[1].is_answer);
  EXPECT_TRUE(given[1].is_stale);
  EXPECT_TRUE(forwarder_.is_waiting());

  pass(2700ms);  // the deadline
  const auto known = forwarder_.find(www(), now);
  ASSERT_TRUE(known.has_value()) << "for a while nobody is asked again";
  EXPECT_TRUE(known->presentation.is_stale);
  EXPECT_EQ(given.size(), 2U);
  EXPECT_EQ(tallies.stale.get(), 2U);
}

TEST_F(ForwarderTest, GivesAStaleAnswerAtOnceWhenUpstreamRefuses) {
  FakeResolver resolver(once_and_then([](const Heard& heard) {
    return std::vector<Message>{reply_to(heard.message, {.rcode = 5})};
  }));
  configure({resolver.endpoint()});
  ask();
  run_until(1);
  now += 100s;
  ask();
  run_until(2);

  EXPECT_TRUE(given[1].is_stale);
}

TEST_F(ForwarderTest, WithoutAStaleAnswerTheDeadlineIsAFailure) {
  FakeResolver resolver([](const Heard&) { return std::vector<Message>{}; });
  configure({resolver.endpoint()});
  ask();
  ask();

  pass(4499ms);
  EXPECT_TRUE(given.empty());
  pass(1ms);

  ASSERT_EQ(given.size(), 2U) << "both who asked";
  EXPECT_FALSE(given[0].is_answer);
  EXPECT_EQ(given[0].error, ExtendedError::no_reachable_authority);
  EXPECT_EQ(tallies.sent.get(), 1U);
}

// Accepts one connection, reads what comes and resets it; then nobody is there any more.
void reset_one(int listener) {
  const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(connection);
  ::close(listener);
}

TEST_F(ForwarderTest, WhoIsToldOfADeadlineMayAskOverAConnectionThatIsGone) {
  {
    FakeResolver resolver([](const Heard& heard) {
      return std::vector<Message>{
          reply_to(heard.message, {.answers = {a("www.example.net", "192.0.2.1", 60)}})};
    });
    configure({resolver.endpoint()});
    ask();  // see NoDescriptors
    run_until(1);
  }
  test::LoopbackSocket listener(SOCK_STREAM);
  ASSERT_EQ(::listen(listener.number(), 4), 0);
  configure({{boost::asio::ip::make_address("127.0.0.1"), listener.port()}},
            Upstream::Transport::tcp);
  ask("a.example.net");
  ask("b.example.net");
  turn();
  reset_one(listener.release());

  when_given = [this] {
    const test::NoDescriptors none;  // nor can another connection be had
    ask("c.example.net");
  };
  pass(options_.deadline);
  run_until(4);

  EXPECT_EQ(given.size(), 4U);
  EXPECT_EQ(tallies.exhausted.get(), 3U);
}

TEST_F(ForwarderTest, OtherUpstreamsMeanOtherAnswers) {
  const auto answers = [](const Heard& heard) {
    return std::vector<Message>{
        reply_to(heard.message, {.answers = {a("www.example.net", "192.0.2.1", 60)}})};
  };
  FakeResolver first(answers);
  FakeResolver second(answers);
  configure({first.endpoint()});
  ask();
  run_until(1);

  configure({first.endpoint()});
  EXPECT_TRUE(forwarder_.find(www(), now).has_value());
  configure({second.endpoint()});
  EXPECT_FALSE(forwarder_.find(www(), now).has_value());
  configure({first.endpoint()});
  EXPECT_TRUE(forwarder_.find(www(), now).has_value()) << "those of the first are still known";
}

TEST_F(ForwarderTest, FailsAtOnceWhenThereIsNobodyToAsk) {
  configure({});
  ask();

  ASSERT_EQ(given.size(), 1U);
  EXPECT_FALSE(given[0].is_answer);
}

// Answers only what comes while the gate is open, in its order.
struct Reluctant {
  explicit Reluctant(std::string_view address)
      : resolver([this, address](const Heard& heard) {
          if (!answers) {
            return std::vector<Message>{};
          }
          return std::vector<Message>{
              reply_to(heard.message, {.answers = {a("www.example.net", address, 0)}})};
        }) {}

  std::atomic<bool> answers{true};
  FakeResolver resolver;
};

TEST_F(ForwarderTest, AsksAnotherAsWellWhenOneTakesLongerThanItUsuallyDoes) {
  Reluctant first("192.0.2.1");
  Reluctant second("192.0.2.2");
  options_.preference = Preference::ordered;
  configure({first.resolver.endpoint(), second.resolver.endpoint()});
  ask();
  run_until(1);
  EXPECT_EQ(second.resolver.heard(), 0) << "the first is preferred";
  first.answers = false;

  ask();
  pass(1ms);
  EXPECT_EQ(second.resolver.heard(), 0);
  pass(20ms);
  run_until(2);

  EXPECT_TRUE(given[1].is_answer);
  EXPECT_EQ(tallies.hedged.get(), 1U);
  EXPECT_EQ(tallies.failures.get(), 0U);
}

TEST_F(ForwarderTest, LeavesOneThatIsOvertakenAgainAndAgain) {
  Reluctant first("192.0.2.1");
  Reluctant second("192.0.2.2");
  options_.preference = Preference::ordered;
  configure({first.resolver.endpoint(), second.resolver.endpoint()});
  ask();
  run_until(1);
  first.answers = false;
  for (std::size_t i = 2; i < 6; ++i) {
    ask();
    pass(20ms);
    run_until(i);
  }
  first.resolver.wait_for(5);  // the last question may still be on its way to it
  const int heard = first.resolver.heard();

  ask();
  run_until(6);

  EXPECT_EQ(first.resolver.heard(), heard);
  EXPECT_EQ(tallies.hedged.get(), 4U);
}

TEST_F(ForwarderTest, SeesHowFastTheOthersAreBesideARealQuestion) {
  Reluctant first("192.0.2.1");
  Reluctant second("192.0.2.2");
  configure({first.resolver.endpoint(), second.resolver.endpoint()});

  ask();
  run_until(1);
  first.resolver.wait_for(1);
  second.resolver.wait_for(1);

  EXPECT_EQ(given.size(), 1U);
  EXPECT_EQ(tallies.sent.get(), 2U);
  EXPECT_EQ(tallies.hedged.get(), 0U);
}

TEST_F(ForwarderTest, AsksAnewBeforeAHotAnswerExpires) {
  FakeResolver resolver([](const Heard& heard) {
    return std::vector<Message>{
        reply_to(heard.message, {.answers = {a("www.example.net", "192.0.2.1", 60)}})};
  });
  configure({resolver.endpoint()});
  ask();
  run_until(1);
  now += 55s;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(forwarder_.find(www(), now)->wants_refresh);
  }
  ASSERT_TRUE(forwarder_.find(www(), now)->wants_refresh);

  forwarder_.refresh(www(), 0, now);
  resolver.wait_for(2);
  while (tallies.prefetched.get() != 1 || forwarder_.find(www(), now)->presentation.age > 0s) {
    turn();
  }

  EXPECT_EQ(given.size(), 1U) << "nobody waited";
}

TEST_F(ForwarderTest, RandomSpellingMustComeBack) {
  std::mutex mutex;  // the resolver has a thread of its own
  std::set<std::string> spellings;
  FakeResolver resolver([&](const Heard& heard) {
    const std::scoped_lock lock(mutex);
    spellings.emplace(heard.message.begin() + 12, heard.message.begin() + 29);
    auto reply = reply_to(heard.message, {.answers = {a("www.example.net", "192.0.2.1", 0)}});
    if (heard.number == 6) {
      reply[13] ^= 0x20;
    }
    return std::vector<Message>{reply};
  });
  options_.random_case = true;
  configure({resolver.endpoint()});
  for (std::size_t i = 1; i <= 6; ++i) {
    ask();
    run_until(i);
  }

  const std::scoped_lock lock(mutex);
  EXPECT_GT(spellings.size(), 1U) << "five of one spelling would be chance of one in 10^15";
  EXPECT_TRUE(given[0].is_answer);
  EXPECT_EQ(tallies.failures.get(), 1U) << "the sixth was not believed, but asked again";
}

}  // namespace
}  // namespace paddock::dns::upstream
