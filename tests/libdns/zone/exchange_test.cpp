// SPDX-License-Identifier: Apache-2.0
#include "libdns/ask.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace paddock::dns {
namespace {

constexpr unsigned A = LDNS_RR_TYPE_A;
constexpr unsigned SRV = LDNS_RR_TYPE_SRV;

const Lines owners{"a.zone",   "b.zone",     "x.a.zone",
                   "*.b.zone", "y.x.a.zone", "1.0.0.10.in-addr.arpa"};

const Lines asked_for{"zone",     "a.zone",   "b.zone",
                      "x.a.zone", "*.b.zone", "y.x.a.zone",
                      "b.a.zone", "c.b.zone", "1.0.0.10.in-addr.arpa"};

Record random_record(std::mt19937& random) {
  const auto below = [&](std::size_t n) { return static_cast<unsigned>(random() % n); };
  const Name owner = name(owners[below(owners.size())]);
  const std::chrono::seconds ttl{5};
  switch (below(6)) {
    case 0:
      return srv_record(owner, {0, 1, static_cast<std::uint16_t>(below(4)), name(owners[below(3)])},
                        ttl);
    case 1: {
      Record record = ptr_record(owner, name(owners[below(3)]), ttl);
      record.precedence = below(2) ? Precedence::fallback : Precedence::regular;
      return record;
    }
    case 2:
      return {.owner = owner, .type = below(2) ? existence : dashed_addresses, .ttl = ttl};
    case 3:
      return cname_record(owner, name(owners[below(3)]), ttl);
    default:
      return address_record(owner, boost::asio::ip::address_v4(below(6)), ttl);
  }
}

std::vector<Record> random_records(std::mt19937& random, unsigned most) {
  std::vector<Record> records;
  for (auto i = random() % (most + 1); i > 0; --i) {
    const Record record = random_record(random);
    if (std::ranges::find(records, record) == records.end()) records.push_back(record);
  }
  return records;
}

void expect_same(const Authority& got, const Authority& expected, int step) {
  ASSERT_EQ(got.name_count(), expected.name_count()) << "step " << step;
  for (const std::string& asked : asked_for) {
    for (const unsigned type : {1u, 5u, 12u, 33u, 255u}) {
      const auto query = encode(DnsQuery{asked, type});
      ASSERT_EQ(answer_bytes(got, query), answer_bytes(expected, query))
          << asked << " type " << type << " step " << step;
    }
  }
}

TEST(AuthorityBuilderExchange, EndsWherePuttingAllDoes) {
  std::mt19937 random(5);
  const std::vector<ZoneSpec> zones{zone("zone"), zone("in-addr.arpa")};
  AuthorityBuilder builder(zones);
  std::map<std::string, std::vector<Record>> sources;
  int exchanged = 0;
  for (int step = 0; step < 4000; ++step) {
    const std::string source = "source " + std::to_string(random() % 5);
    auto& records = sources[source];
    std::vector<Record> before;
    std::vector<Record> kept;
    for (const Record& record : records) (random() % 3 == 0 ? before : kept).push_back(record);
    const auto after = random_records(random, 4);
    records = kept;
    for (const Record& record : after) {
      if (std::ranges::find(kept, record) == kept.end()) records.push_back(record);
    }
    if (builder.exchange(source, before, after)) {
      ++exchanged;
    } else {
      builder.put(source, records);
    }
    if (step % 5 != 0) continue;
    AuthorityBuilder fresh(zones);
    for (const auto& [key, all] : sources) fresh.put(key, all);
    expect_same(*builder.snapshot(test_time), *fresh.snapshot(test_time), step);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(exchanged, 2000);
}

TEST(AuthorityBuilderExchange, WhatIsInBothStays) {
  AuthorityBuilder builder({zone("zone")});
  builder.put("s", std::vector{a("web.zone", "10.0.0.1"), a("web.zone", "10.0.0.2")});
  const auto before = builder.snapshot(test_time);

  EXPECT_TRUE(builder.exchange("s", std::vector{a("web.zone", "10.0.0.1")},
                               std::vector{a("web.zone", "10.0.0.1")}));

  EXPECT_FALSE(builder.has_changed());
  EXPECT_EQ(builder.snapshot(test_time), before);
}

TEST(AuthorityBuilderExchange, RecordsGivenTwiceCountOnce) {
  AuthorityBuilder builder({zone("zone")});
  const Record one = a("web.zone", "10.0.0.1");
  builder.put("s", std::vector{one, a("web.zone", "10.0.0.2")});

  EXPECT_TRUE(builder.exchange("s", std::vector{one, one}, std::vector{one}));
  EXPECT_EQ(ask(*builder.snapshot(test_time), {"web.zone", A}).answer.size(), 2u);
}

TEST(AuthorityBuilderExchange, TakesNothingFromOtherSources) {
  AuthorityBuilder builder({zone("zone")});
  builder.put("one", std::vector{a("web.zone", "10.0.0.1"), a("web.zone", "10.0.0.2")});
  builder.put("two", std::vector{a("web.zone", "10.0.0.1")});

  EXPECT_TRUE(builder.exchange("one", std::vector{a("web.zone", "10.0.0.1")}, {}));
  EXPECT_EQ(sorted(ask(*builder.snapshot(test_time), {"web.zone", A}).answer),
            (Lines{"web.zone. 5 IN A 10.0.0.1", "web.zone. 5 IN A 10.0.0.2"}));
  builder.erase("two");

  EXPECT_EQ(ask(*builder.snapshot(test_time), {"web.zone", A}).answer,
            Lines{"web.zone. 5 IN A 10.0.0.2"});
}

TEST(AuthorityBuilderExchange, ASourceWithoutRecordsIsForgotten) {
  AuthorityBuilder builder({zone("zone")});
  const auto empty = builder.snapshot(test_time)->name_count();
  const std::vector records{a("web.zone", "10.0.0.1"), a("x.db.zone", "10.0.0.2")};
  builder.put("s", records);

  EXPECT_TRUE(builder.exchange("s", records, {}));

  EXPECT_EQ(builder.snapshot(test_time)->name_count(), empty);
  EXPECT_FALSE(builder.exchange("s", {}, records))
      << "who never put anything has nothing to exchange";
}

class Refused : public testing::Test {
 protected:
  void expect_refused(const std::vector<Record>& before, const std::vector<Record>& after) {
    EXPECT_FALSE(builder_.exchange("s", before, after));
    builder_.put("s", records_);  // makes it right
    EXPECT_EQ(sorted(ask(*builder_.snapshot(test_time), {"web.zone", A}).answer),
              (Lines{"web.zone. 5 IN A 10.0.0.1", "web.zone. 5 IN A 10.0.0.2"}));
    EXPECT_EQ(ask(*builder_.snapshot(test_time), {"new.zone", A}).rcode, 3u);
  }
  void SetUp() override { builder_.put("s", records_); }

  const std::vector<Record> records_{
      a("web.zone", "10.0.0.1"), a("web.zone", "10.0.0.2"),
      srv_record(name("web.zone"), {0, 1, 80, name("t.zone")}, std::chrono::seconds{5})};
  AuthorityBuilder builder_{{zone("zone")}};
};

TEST_F(Refused, TakingWhatIsNotThere) {
  expect_refused({a("web.zone", "10.0.0.3")}, {});
  expect_refused({a("new.zone", "10.0.0.1")}, {});
  expect_refused({a("web.zone", "10.0.0.1"), a("web.zone", "10.0.0.9")},
                 {a("new.zone", "10.0.0.1")});
}

TEST_F(Refused, AddingWhatIsThere) { expect_refused({}, {a("web.zone", "10.0.0.2")}); }

TEST_F(Refused, TtlsThatDiffer) {
  expect_refused({a("web.zone", "10.0.0.1", 6)}, {});
  expect_refused({}, {a("web.zone", "10.0.0.7", 6)});
  expect_refused({a("web.zone", "10.0.0.1")}, {a("web.zone", "10.0.0.1", 6)});
}

TEST_F(Refused, NamesOutsideEveryZone) {
  expect_refused({}, {a("a.zone", "10.0.0.1"), a("web.elsewhere", "10.0.0.1")});
}

TEST(AuthorityBuilderExchange, ASetThatIsFullIsLeftToPut) {
  AuthorityBuilder builder({zone("zone")});
  std::vector<Record> records;
  for (unsigned i = 0; i < 65535; ++i) {
    records.push_back(address_record(name("web.zone"), boost::asio::ip::address_v4(i), {}));
  }
  builder.put("s", records);

  EXPECT_FALSE(builder.exchange("s", std::span(records).first(1), {}));

  records.pop_back();
  builder.put("s", records);
  const std::vector more{address_record(name("web.zone"), boost::asio::ip::address_v4(70000), {}),
                         address_record(name("web.zone"), boost::asio::ip::address_v4(70001), {})};
  EXPECT_FALSE(builder.exchange("s", {}, more));
  EXPECT_TRUE(builder.exchange("s", std::span(records).first(1), std::span(more).first(1)));
}

TEST(AuthorityBuilderExchange, NewKindsOfRecordsTakeEffect) {
  AuthorityBuilder builder({zone("zone")});
  builder.put("s", std::vector{a("web.zone", "10.0.0.1")});
  const Record pods{
      .owner = name("pod.zone"), .type = dashed_addresses, .ttl = std::chrono::seconds{5}};

  EXPECT_TRUE(builder.exchange("s", {}, std::vector{a("*.wild.zone", "10.0.0.2"), pods}));

  const auto authority = builder.snapshot(test_time);
  EXPECT_EQ(ask(*authority, {"any.wild.zone", A}).answer, Lines{"any.wild.zone. 5 IN A 10.0.0.2"});
  EXPECT_EQ(ask(*authority, {"10-1-0-1.pod.zone", A}).answer,
            Lines{"10-1-0-1.pod.zone. 5 IN A 10.1.0.1"});
  EXPECT_EQ(ask(*authority, {"web.zone", SRV}).rcode, 0u);
}

}  // namespace
}  // namespace paddock::dns
