// SPDX-License-Identifier: Apache-2.0
#include "upstream/cache.hpp"

#include "support/dns_message.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

namespace paddock::dns::upstream {
namespace {

using namespace std::chrono_literals;
using testing::a;
using testing::query;
using testing::reply_to;
using testing::soa;
using testing::take_apart;

Question question_for(std::string_view text, QueryBits bits = {}) {
  return {testing::name(text).wire(), 1, 1, bits};
}

KnownAnswer answer_with(std::string_view owner, const testing::ReplyForm& form) {
  return parse_response(reply_to(query(owner, Type::a), form), question_for(owner)).value();
}

class CacheTest : public ::testing::Test {
 protected:
  const TimePoint t0{1h};
  const Question question_ = question_for("www.example.net");
  Epochs epochs_{1};
  Cache cache_{CacheLimits{.bytes = 100'000}, epochs_};

  std::uint32_t ttl_shown(const Resolution& found) {
    testing::Message message(found.answer->message.size());
    render(*found.answer, found.presentation, message.data());
    return take_apart(message).answers.at(0).ttl;
  }

  void store(int ttl) {
    cache_.store(
        question_.key(),
        answer_with("www.example.net", {.answers = {a("www.example.net", "192.0.2.1", ttl)}}), t0);
  }
};

TEST_F(CacheTest, CountsTtlsDownAndForgetsInTime) {
  store(100);

  EXPECT_EQ(ttl_shown(cache_.find(question_.key(), t0).value()), 100U);
  EXPECT_EQ(ttl_shown(cache_.find(question_.key(), t0 + 40s).value()), 60U);
  EXPECT_EQ(ttl_shown(cache_.find(question_.key(), t0 + 99'999ms).value()), 1U);
  EXPECT_FALSE(cache_.find(question_.key(), t0 + 100s).has_value());
}

TEST_F(CacheTest, TtlZeroIsNotKept) {
  store(0);

  EXPECT_FALSE(cache_.find(question_.key(), t0).has_value());
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(CacheTest, KeepsApartWhatDnssecBitsMakeDifferent) {
  store(100);

  EXPECT_FALSE(
      cache_.find(question_for("www.example.net", {.dnssec_ok = true}).key(), t0).has_value());
  EXPECT_FALSE(cache_.find(question_for("www.example.net", {.checking_disabled = true}).key(), t0)
                   .has_value());
  EXPECT_TRUE(cache_.find(question_for("WWW.Example.NET").key(), t0).has_value());
}

TEST_F(CacheTest, NegativeAnswersLiveAsLongAsTheSoaSays) {
  cache_.store(
      question_.key(),
      answer_with("www.example.net", {.rcode = 3, .authority = {soa("example.net", 3600, 30)}}),
      t0);

  const auto found = cache_.find(question_.key(), t0 + 29s);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->answer->rcode, 3);
  EXPECT_FALSE(cache_.find(question_.key(), t0 + 30s).has_value());
}

TEST_F(CacheTest, NegativeAnswersWithoutSoaAreNotKept) {
  cache_.store(question_.key(), answer_with("www.example.net", {.rcode = 3}), t0);

  EXPECT_FALSE(cache_.find(question_.key(), t0).has_value());
}

TEST_F(CacheTest, ExpiredAnswersStandInAfterAFailureAndSayThirtySeconds) {
  store(100);
  cache_.fail(question_.key(), {ExtendedError::network_error}, t0 + 200s);

  const auto found = cache_.find(question_.key(), t0 + 201s);
  ASSERT_TRUE(found.has_value());
  ASSERT_TRUE(found->answer.has_value());
  EXPECT_TRUE(found->presentation.is_stale);
  EXPECT_EQ(ttl_shown(*found), 30U);
  EXPECT_FALSE(cache_.find(question_.key(), t0 + 206s).has_value()) << "time to ask again";
}

TEST_F(CacheTest, StaleAnswersEnd) {
  store(100);

  EXPECT_TRUE(cache_.find_stale(question_.key(), t0 + 3699s).has_value());
  EXPECT_FALSE(cache_.find_stale(question_.key(), t0 + 3700s).has_value());
}

TEST_F(CacheTest, FailuresAreRememberedForFiveSeconds) {
  cache_.fail(question_.key(), {ExtendedError::no_reachable_authority}, t0);

  const auto found = cache_.find(question_.key(), t0 + 4s);
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->answer.has_value());
  EXPECT_EQ(found->failure.error, ExtendedError::no_reachable_authority);
  EXPECT_FALSE(cache_.find(question_.key(), t0 + 5s).has_value());
}

TEST_F(CacheTest, StaysWithinItsBytesByDroppingWhatWasUsedLongestAgo) {
  store(1000);
  for (int i = 0; i < 1000; ++i) {
    const auto owner = "host-" + std::to_string(i) + ".example.org";
    cache_.store(question_for(owner).key(),
                 answer_with(owner, {.answers = {a(owner, "192.0.2.7")}}), t0);
    ASSERT_TRUE(cache_.find(question_.key(), t0).has_value()) << "used all the time, at " << i;
  }

  EXPECT_LE(cache_.bytes(), 100'000U);
  EXPECT_GT(cache_.size(), 100U);
  EXPECT_FALSE(cache_.find(question_for("host-0.example.org").key(), t0).has_value());
  EXPECT_TRUE(cache_.find(question_for("host-999.example.org").key(), t0).has_value());
}

TEST_F(CacheTest, KeepsNothingWithoutBytes) {
  cache_.set_limits({.bytes = 0});
  store(100);
  cache_.fail(question_.key(), {ExtendedError::network_error}, t0);

  EXPECT_EQ(cache_.size(), 0U);
  EXPECT_EQ(cache_.bytes(), 0U);
}

TEST_F(CacheTest, AnswersThatAreAskedForOftenAreToBeRefreshedBeforeTheyExpireByOne) {
  store(100);
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(cache_.find(question_.key(), t0 + 89s).value().wants_refresh);
  }

  EXPECT_TRUE(cache_.find(question_.key(), t0 + 90s).value().wants_refresh);
  EXPECT_FALSE(cache_.find(question_.key(), t0 + 90s).value().wants_refresh) << "one does it";
}

TEST_F(CacheTest, AnswersThatAreSeldomAskedForExpire) {
  store(100);

  EXPECT_FALSE(cache_.find(question_.key(), t0 + 99s).value().wants_refresh);
}

TEST_F(CacheTest, KeepsWhatItHasWhenItsSizeChanges) {
  store(100);

  cache_.set_limits({.bytes = 1'000'000});
  EXPECT_EQ(ttl_shown(cache_.find(question_.key(), t0).value()), 100U);
  cache_.set_limits({.bytes = 50'000});
  EXPECT_EQ(ttl_shown(cache_.find(question_.key(), t0).value()), 100U);
  EXPECT_EQ(cache_.size(), 1U);
}

TEST_F(CacheTest, WhatAReaderSawStaysUntilItIsOutside) {
  store(100);
  epochs_.enter(0);
  const auto found = cache_.find(question_.key(), t0).value();

  for (int i = 0; i < 100; ++i) {
    store(200);
  }

  EXPECT_EQ(ttl_shown(found), 100U);
  epochs_.leave(0);
}

TEST(Epochs, WhoIsOutsideOrCameInSinceIsPastAnEpoch) {
  Epochs epochs(2);
  epochs.enter(0);
  const auto epoch = epochs.advance();
  EXPECT_FALSE(epochs.is_past(0, epoch));
  EXPECT_TRUE(epochs.is_past(1, epoch));

  epochs.enter(1);
  EXPECT_TRUE(epochs.is_past(1, epoch));

  epochs.leave(0);
  EXPECT_TRUE(epochs.is_past(0, epoch));
}

TEST_F(CacheTest, IsReadWhileItIsWritten) {
  Epochs epochs(3);
  Cache cache({.bytes = 20'000}, epochs);
  std::atomic<bool> is_over{false};
  const auto read = [&](std::size_t reader) {
    for (unsigned i = 0; !is_over; ++i) {
      const auto owner = "host-" + std::to_string(i % 200) + ".example.org";
      epochs.enter(reader);
      if (const auto found = cache.find(question_for(owner).key(), t0); found && found->answer) {
        testing::Message message(found->answer->message.size());
        render(*found->answer, found->presentation, message.data());
        EXPECT_EQ(take_apart(message).answers.at(0).owner, owner + ".");
      }
      epochs.leave(reader);
    }
  };
  std::thread first(read, 0U);
  std::thread second(read, 1U);
  for (int i = 0; i < 5000; ++i) {
    const auto owner = "host-" + std::to_string(i % 200) + ".example.org";
    cache.store(question_for(owner).key(), answer_with(owner, {.answers = {a(owner, "192.0.2.7")}}),
                t0);
    if (i % 1000 == 0) {
      cache.set_limits({.bytes = 20'000U + static_cast<unsigned>(i)});
    }
  }
  is_over = true;
  first.join();
  second.join();

  EXPECT_LE(cache.bytes(), 25'000U);
}

TEST_F(CacheTest, AnAnswerEndsAFailure) {
  cache_.fail(question_.key(), {ExtendedError::network_error}, t0);
  store(100);

  EXPECT_TRUE(cache_.find(question_.key(), t0).value().answer.has_value());
}

}  // namespace
}  // namespace paddock::dns::upstream
