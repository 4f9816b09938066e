// SPDX-License-Identifier: Apache-2.0
#include "libdns/ask.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace paddock::dns {
namespace {

constexpr unsigned A = LDNS_RR_TYPE_A;
constexpr std::chrono::seconds ttl{5};

using Sources = std::map<std::string, std::vector<Record>>;

std::shared_ptr<const Authority> fresh(const Sources& sources) {
  AuthorityBuilder builder({zone("zone"), zone("in-addr.arpa")});
  for (const auto& [source, records] : sources) builder.put(source, records);
  return builder.snapshot(test_time);
}

// Every name a generated record can have or stand below.
Lines universe() {
  Lines names{"zone", "in-addr.arpa", "10.in-addr.arpa"};
  for (const char* label : {"a", "b", "c", "d"}) {
    for (const char* parent : {"zone", "x.zone", "y.x.zone", "*.zone", "10.in-addr.arpa"}) {
      names.push_back(std::string(label) + "." + parent);
    }
  }
  names.insert(names.end(), {"x.zone", "y.x.zone", "*.zone"});
  return names;
}

std::vector<Record> random_records(std::mt19937& random, const Lines& names) {
  const auto below = [&](std::size_t n) { return random() % n; };
  std::vector<Record> records;
  for (auto i = below(6); i > 0; --i) {
    const Name owner = name(names[3 + below(names.size() - 3)]);
    const auto address = boost::asio::ip::address_v4(static_cast<unsigned>(below(4)));
    const std::chrono::seconds any_ttl{1 + static_cast<int>(below(3))};
    Record record;
    switch (below(7)) {
      case 0:
        record = cname_record(owner, name(names[below(names.size())]), any_ttl);
        break;
      case 1:
        record = srv_record(
            owner, {0, 1, static_cast<std::uint16_t>(below(3)), name(names[below(5)])}, any_ttl);
        break;
      case 2:
        record = {.owner = owner, .type = below(2) ? existence : dashed_addresses, .ttl = any_ttl};
        break;
      case 3:
        record = ptr_record(owner, name(names[below(names.size())]), any_ttl);
        record.precedence = below(2) ? Precedence::fallback : Precedence::regular;
        break;
      default:
        record = address_record(owner, address, any_ttl);
    }
    records.push_back(record);
  }
  return records;
}

TEST(AuthorityBuilder, ChangesEndWhereAFreshBuildDoes) {
  const Lines names = universe();
  std::mt19937 random(7);
  AuthorityBuilder builder({zone("zone"), zone("in-addr.arpa")});
  Sources sources;
  for (int step = 0; step < 3000; ++step) {
    const std::string source = "source " + std::to_string(random() % 12);
    if (random() % 4 == 0) {
      builder.erase(source);
      sources.erase(source);
    } else {
      sources[source] = random_records(random, names);
      builder.put(source, sources[source]);
    }
    if (step % 7 != 0) continue;
    const auto changed = builder.snapshot(test_time);
    const auto expected = fresh(sources);
    ASSERT_EQ(changed->name_count(), expected->name_count()) << "step " << step;
    for (const std::string& asked : names) {
      for (const unsigned type : {1u, 5u, 12u, 33u, 255u}) {
        const auto query = encode(DnsQuery{asked, type});
        ASSERT_EQ(answer_bytes(*changed, query), answer_bytes(*expected, query))
            << asked << " type " << type << " step " << step;
      }
    }
  }
}

TEST(AuthorityBuilder, NothingIsLeftOfWhatWasTakenBack) {
  AuthorityBuilder builder({zone("zone")});
  const auto before = builder.snapshot(test_time);
  builder.put("s", std::vector{a("a.b.c.zone", "10.0.0.1"), a("b.c.zone", "10.0.0.1"),
                               a("d.c.zone", "10.0.0.1")});
  EXPECT_EQ(builder.snapshot(test_time)->name_count(), before->name_count() + 4);
  builder.put("s", std::vector{a("a.b.c.zone", "10.0.0.1")});
  EXPECT_EQ(ask(*builder.snapshot(test_time), {"b.c.zone", A}).rcode, 0u);
  builder.erase("s");
  const auto after = builder.snapshot(test_time);
  EXPECT_EQ(after->name_count(), before->name_count());
  EXPECT_EQ(after->memory(), before->memory());
  EXPECT_EQ(ask(*after, {"c.zone", A}).rcode, 3u);
}

TEST(AuthorityBuilder, SnapshotsDoNotChange) {
  AuthorityBuilder builder({zone("zone")});
  builder.put("s", std::vector{a("web.zone", "10.0.0.1")});
  const auto first = builder.snapshot(test_time);
  builder.put("s", std::vector{a("web.zone", "10.0.0.2")});
  const auto second = builder.snapshot(test_time);
  builder.erase("s");
  EXPECT_EQ(ask(*first, {"web.zone", A}).answer, Lines{"web.zone. 5 IN A 10.0.0.1"});
  EXPECT_EQ(ask(*second, {"web.zone", A}).answer, Lines{"web.zone. 5 IN A 10.0.0.2"});
}

TEST(AuthorityBuilder, SnapshotsDoNotChangeWhileTheirNeighboursDo) {
  AuthorityBuilder builder({zone("zone")});
  std::vector<std::shared_ptr<const Authority>> snapshots;
  for (unsigned i = 0; i < 200; ++i) {
    for (const char* owner : {"a.zone", "b.zone"}) {
      builder.put(owner,
                  std::vector{address_record(name(owner), boost::asio::ip::address_v4(i), ttl)});
    }
    snapshots.push_back(builder.snapshot(test_time));
  }
  for (unsigned i = 0; i < 200; ++i) {
    const auto text = boost::asio::ip::address_v4(i).to_string();
    EXPECT_EQ(ask(*snapshots[i], {"b.zone", A}).answer, Lines{"b.zone. 5 IN A " + text});
  }
}

TEST(AuthorityBuilder, NamesThatChangeAgainAndAgainTakeLittleMoreMemory) {
  AuthorityBuilder builder({zone("zone")});
  const auto put_all = [&](unsigned round) {
    for (unsigned i = 0; i < 10'000; ++i) {
      const auto owner = "n" + std::to_string(i) + ".zone";
      const auto address = boost::asio::ip::address_v4(round * 10'000 + i);
      builder.put(owner, std::vector{address_record(name(owner), address, ttl)});
      if (i % 1000 == 0) (void)builder.snapshot(test_time);
    }
    return builder.snapshot(test_time)->memory();
  };
  const std::size_t once = put_all(0);
  std::size_t often = 0;
  for (unsigned round = 1; round < 6; ++round) often = put_all(round);
  EXPECT_LT(often, once + once / 2);
}

TEST(AuthorityBuilder, PuttingTheSameAgainIsNoChange) {
  AuthorityBuilder builder({zone("zone")});
  EXPECT_TRUE(builder.has_changed());
  builder.put("s", std::vector{a("web.zone", "10.0.0.1"), a("web.zone", "10.0.0.2")});
  const auto snapshot = builder.snapshot(test_time);
  EXPECT_FALSE(builder.has_changed());
  builder.put("s", std::vector{a("web.zone", "10.0.0.2"), a("web.zone", "10.0.0.1")});
  builder.erase("unknown");
  EXPECT_FALSE(builder.has_changed());
  EXPECT_EQ(builder.snapshot(test_time), snapshot);
}

TEST(AuthorityBuilder, TheSerialIsTheTimeOfTheZonesLastChange) {
  AuthorityBuilder builder({zone("zone"), zone("other")});
  builder.put("s", std::vector{a("web.zone", "10.0.0.1")});
  builder.snapshot(test_time);
  builder.put("s", std::vector{a("web.zone", "10.0.0.2")});
  const auto later = builder.snapshot(test_time + std::chrono::seconds{60});
  const auto serial = [&](const char* apex) {
    return ask(*later, {apex, LDNS_RR_TYPE_SOA}).answer.at(0);
  };
  EXPECT_NE(serial("zone").find(" 1700000060 "), std::string::npos);
  EXPECT_NE(serial("other").find(" 1700000000 "), std::string::npos);
}

TEST(AuthorityBuilder, SourcesShareANameWithTheSmallestTtl) {
  AuthorityBuilder builder({zone("zone")});
  builder.put("one", std::vector{a("web.zone", "10.0.0.1", 60), a("web.zone", "10.0.0.2", 60)});
  builder.put("two", std::vector{a("web.zone", "10.0.0.2", 7), a("web.zone", "10.0.0.3", 7)});
  EXPECT_EQ(sorted(ask(*builder.snapshot(test_time), {"web.zone", A}).answer),
            (Lines{"web.zone. 7 IN A 10.0.0.1", "web.zone. 7 IN A 10.0.0.2",
                   "web.zone. 7 IN A 10.0.0.3"}));
  builder.erase("two");
  EXPECT_EQ(sorted(ask(*builder.snapshot(test_time), {"web.zone", A}).answer),
            (Lines{"web.zone. 60 IN A 10.0.0.1", "web.zone. 60 IN A 10.0.0.2"}));
}

TEST(AuthorityBuilder, AFallbackShowsWhenNothingRegularDoes) {
  AuthorityBuilder builder({zone("in-addr.arpa")});
  Record pod = ptr_record(name("1.0.42.10.in-addr.arpa"), name("web-1.pod"), ttl);
  pod.precedence = Precedence::fallback;
  const auto shown = [&] {
    return ask(*builder.snapshot(test_time), {"1.0.42.10.in-addr.arpa", LDNS_RR_TYPE_PTR}).answer;
  };
  builder.put("pod", std::vector{pod});
  EXPECT_EQ(shown(), Lines{"1.0.42.10.in-addr.arpa. 5 IN PTR web-1.pod."});
  builder.put("service", std::vector{ptr_record(pod.owner, name("web.svc"), ttl)});
  EXPECT_EQ(shown(), Lines{"1.0.42.10.in-addr.arpa. 5 IN PTR web.svc."});
  builder.erase("service");
  EXPECT_EQ(shown(), Lines{"1.0.42.10.in-addr.arpa. 5 IN PTR web-1.pod."});
}

TEST(AuthorityBuilder, RecordsOutsideTheZonesAreReportedAndHideNothing) {
  AuthorityBuilder builder({zone("zone")});
  const auto problems =
      builder.put("s", std::vector{a("web.other", "10.0.0.1"), a("web.zone", "10.0.0.1")});
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].subject, "web.other.");
  EXPECT_EQ(ask(*builder.snapshot(test_time), {"web.zone", A}).answer.size(), 1u);
}

TEST(AuthorityBuilder, AZoneGivenTwiceCountsOnce) {
  ZoneSpec second = zone("zone");
  second.ttl = std::chrono::seconds{99};
  AuthorityBuilder builder({zone("zone"), second});
  EXPECT_EQ(ask(*builder.snapshot(test_time), {"zone", LDNS_RR_TYPE_NS}).answer,
            Lines{"zone. 5 IN NS ns.dns.zone."});
}

TEST(AuthorityBuilder, LargeSetsAreWhole) {
  AuthorityBuilder builder({zone("zone")});
  std::vector<Record> records;
  for (unsigned i = 0; i < 70000; ++i) {
    records.push_back(address_record(name("web.zone"), boost::asio::ip::address_v4(i), ttl));
  }
  EXPECT_EQ(builder.put("s", records).size(), 1u);  // no set has more than 65535
  const auto reply =
      ask(*builder.snapshot(test_time), {"web.zone", A}, {.transport = Transport::tcp});
  EXPECT_TRUE(reply.tc());
  EXPECT_GT(reply.answer.size(), 4000u);
}

}  // namespace
}  // namespace paddock::dns
