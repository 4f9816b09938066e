// SPDX-License-Identifier: Apache-2.0
#include "libmetadata/tls_certificates.hpp"
#include "support/etcd_server.hpp"

#include <paddock/metadata/etcd.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <future>
#include <thread>

namespace paddock::metadata::etcd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::EtcdServer;

// One for all tests that do it no harm; each keeps to keys of its own.
EtcdServer& shared_server() {
  static EtcdServer server;
  static const bool started = [] {
    server.start();
    server.wait_until_ready();
    return true;
  }();
  (void)started;
  return server;
}

Options options(const std::vector<std::string>& endpoints) {
  Options options{.endpoints = endpoints, .access = {}};
  options.timeout = seconds(20);
  return options;
}

Client client() { return Client(options({shared_server().url()})); }

Committed put(Client& to, const std::string& key, const std::string& value,
              std::int64_t lease = 0) {
  auto committed = to.commit({.when = {}, .then = {Put{key, value, lease}}});
  EXPECT_TRUE(committed) << committed.error().text;
  return committed ? *committed : Committed{};
}

TEST(EtcdClient, ReadsWhatItWroteWithAllBytesAndRevisions) {
  auto etcd = client();
  const std::string value("a\0\xff\nb", 5);

  const auto first = put(etcd, "/bytes/k", "x");
  const auto second = put(etcd, "/bytes/k", value);
  const auto found = etcd.get({.key = "/bytes/k"});

  ASSERT_TRUE(found) << found.error().text;
  ASSERT_EQ(found->values.size(), 1U);
  const auto& one = found->values.front();
  EXPECT_EQ(one.value, value);
  EXPECT_EQ(one.version, 2);
  EXPECT_EQ(one.create_revision, first.revision);
  EXPECT_EQ(one.mod_revision, second.revision);
  EXPECT_NE(found->cluster, 0U);
}

TEST(EtcdClient, ReadsAWholeRangePageByPageAtOneRevision) {
  auto wanted = options({shared_server().url()});
  wanted.page = 7;
  Client etcd(wanted);
  for (int i = 0; i < 50; ++i) put(etcd, "/pages/" + std::to_string(100 + i), "v");

  const auto found = etcd.all({.key = "/pages/", .end = end_of_prefix("/pages/")});

  ASSERT_TRUE(found) << found.error().text;
  EXPECT_EQ(found->count, 50);
  ASSERT_EQ(found->values.size(), 50U);
  EXPECT_EQ(found->values.back().key, "/pages/149");
}

TEST(EtcdClient, ReadsAWholeRangeAsItWas) {
  auto etcd = client();
  const auto first = put(etcd, "/then/a", "1");
  const auto second = put(etcd, "/then/b", "2");

  const auto found =
      etcd.all({.key = "/then/", .end = end_of_prefix("/then/"), .revision = first.revision});

  ASSERT_TRUE(found) << found.error().text;
  ASSERT_EQ(found->values.size(), 1U);
  EXPECT_EQ(found->values[0].key, "/then/a");
  EXPECT_GE(found->revision, second.revision);
  EXPECT_NE(found->cluster, 0U);
}

TEST(EtcdClient, CommitsOnlyWhenWhatItComparesHolds) {
  auto etcd = client();
  const Transaction create{.when = {{.key = "/txn/a", .target = Compare::Target::version}},
                           .then = {Put{"/txn/a", "1"}},
                           .otherwise = {Get{"/txn/a"}}};

  const auto first = etcd.commit(create);
  const auto again = etcd.commit(create);
  const auto gone = etcd.commit({.when = {{.key = "/txn/a",
                                           .target = Compare::Target::value,
                                           .is = Compare::Is::equal,
                                           .value = "1"}},
                                 .then = {Erase{"/txn/a"}}});

  ASSERT_TRUE(first && again && gone);
  EXPECT_TRUE(first->succeeded);
  EXPECT_FALSE(again->succeeded);
  ASSERT_EQ(again->answers.size(), 1U);
  EXPECT_EQ(again->answers[0].values.at(0).value, "1");
  EXPECT_TRUE(gone->succeeded);
  EXPECT_EQ(gone->answers.at(0).count, 1);
}

TEST(EtcdClient, TellsChangesInOrderFromTheRevisionAskedFor) {
  auto etcd = client();
  const auto first = put(etcd, "/watch/a", "1");
  put(etcd, "/watch/a", "2");
  ASSERT_TRUE(etcd.commit({.when = {}, .then = {Erase{"/watch/a"}}}));
  std::vector<std::string> told;

  const auto watched = etcd.watch(
      {.key = "/watch/", .end = end_of_prefix("/watch/")}, first.revision,
      [&](const Notice& notice) {
        if (notice.type == Notice::Type::created) told.emplace_back("created");
        for (const auto& change : notice.changes) {
          told.push_back(change.is_erased ? "gone " + change.value.key : change.value.value);
        }
        return told.size() < 4;
      });

  ASSERT_TRUE(watched) << watched.error().text;
  EXPECT_EQ(told, (std::vector<std::string>{"created", "1", "2", "gone /watch/a"}));
}

TEST(EtcdClient, SaysThatTheRevisionIsCompacted) {
  EtcdServer server;
  server.start();
  server.wait_until_ready();
  Client etcd(options({server.url()}));
  put(etcd, "/a", "1");
  const auto last = put(etcd, "/a", "2");
  const std::string compact = "ETCDCTL_API=3 etcdctl --endpoints=" + server.url() + " compact " +
                              std::to_string(last.revision) + " >/dev/null";
  ASSERT_EQ(std::system(compact.c_str()), 0);
  Notice seen;

  const auto watched = etcd.watch({.key = "/a"}, 1, [&](const Notice& notice) {
    seen = notice;
    return true;
  });
  const auto old = etcd.get({.key = "/a", .revision = 1});

  ASSERT_TRUE(watched) << watched.error().text;
  EXPECT_EQ(seen.type, Notice::Type::compacted);
  EXPECT_EQ(seen.revision, last.revision);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, Code::out_of_range);
}

TEST(EtcdClient, KeepsLeasesAliveAndLetsTheirKeysGoWithThem) {
  auto etcd = client();

  const auto lease = etcd.grant(seconds(60), 4711);
  const auto again = etcd.grant(seconds(60), 4711);
  put(etcd, "/lease/a", "1", 4711);
  const auto kept = etcd.keep_alive(4711);
  const auto left = etcd.time_to_live(4711);
  const auto revoked = etcd.revoke(4711);
  const auto after = etcd.keep_alive(4711);
  const auto found = etcd.get({.key = "/lease/a"});
  const auto unknown = etcd.commit({.when = {}, .then = {Put{"/lease/a", "1", 4711}}});

  ASSERT_TRUE(lease) << lease.error().text;
  EXPECT_EQ(lease->granted, seconds(60));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::failed_precondition);
  ASSERT_TRUE(kept);
  EXPECT_EQ(*kept, seconds(60));
  ASSERT_TRUE(left);
  EXPECT_GT(left->left, seconds(0));
  ASSERT_TRUE(revoked) << revoked.error().text;
  ASSERT_TRUE(after);
  EXPECT_EQ(*after, seconds(0));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->values.empty());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::not_found);
}

TEST(EtcdClient, LogsInAndAgainWhenItsTokenIsRefused) {
  EtcdServer server;
  server.start();
  server.wait_until_ready();
  const test::TempFolder folder;
  const std::string ctl = "ETCDCTL_API=3 etcdctl --endpoints=" + server.url() + " ";
  ASSERT_EQ(
      std::system(
          ("(" + ctl + "user add root:secret && " + ctl + "auth enable) >/dev/null 2>&1").c_str()),
      0);
  auto wanted = options({server.url()});
  wanted.access.user = "root";
  wanted.access.password_file = folder.write("password", "secret\n");
  Client etcd(wanted);
  wanted.access.password_file = folder.write("wrong", "guess\n");
  Client stranger(wanted);

  put(etcd, "/a", "1");
  server.kill();  // simple tokens end with the process
  server.start();
  server.wait_until_ready();
  const auto after = etcd.get({.key = "/a"});
  const auto refused = stranger.get({.key = "/a"});
  const auto anonymous = Client(options({server.url()})).get({.key = "/a"});

  ASSERT_TRUE(after) << after.error().text;
  EXPECT_EQ(after->values.size(), 1U);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("authentication failed"), std::string::npos)
      << refused.error().text;
  EXPECT_FALSE(anonymous);
}

TEST(EtcdClient, SpeaksTlsWithACertificateOfItsOwn) {
  const testing::Certificates authority;
  authority.sign("etcd");
  authority.sign("metadatad");
  EtcdServer server(test::EtcdTls{.certificate = authority.certificate("etcd"),
                                  .key = authority.key("etcd"),
                                  .ca = authority.ca(),
                                  .asks_clients = true});
  server.start();
  server.wait_until_ready();
  auto wanted = options({server.url()});
  wanted.access.ca_file = authority.ca();
  wanted.access.certificate_file = authority.certificate("metadatad");
  wanted.access.key_file = authority.key("metadatad");
  Client etcd(wanted);

  put(etcd, "/a", "1");
  const auto found = etcd.get({.key = "/a"});
  const auto nobody = Client(options({server.url()})).get({.key = "/a"});

  ASSERT_TRUE(found) << found.error().text;
  EXPECT_EQ(found->values.at(0).value, "1");
  EXPECT_FALSE(nobody);
}

TEST(EtcdClient, AsksTheNextEndpointWhenOneIsDeadOrFrozen) {
  auto members = test::etcd_cluster(3);
  Client etcd(options({members[0]->url(), members[1]->url(), members[2]->url()}));
  put(etcd, "/a", "1");

  members[0]->kill();
  const auto after_death = etcd.get({.key = "/a"});
  members[0]->start();
  members[0]->wait_until_ready();
  const std::string asked = etcd.endpoint();
  for (const auto& member : members) {
    if (member->url() == asked) member->freeze();
  }
  const auto after_freeze = etcd.get({.key = "/a"});
  for (const auto& member : members) member->thaw();

  ASSERT_TRUE(after_death) << after_death.error().text;
  EXPECT_EQ(after_death->values.at(0).value, "1");
  ASSERT_TRUE(after_freeze) << after_freeze.error().text;
  EXPECT_NE(etcd.endpoint(), asked);
}

TEST(EtcdClient, IsToldThatThereIsNoLeaderAnyMore) {
  auto members = test::etcd_cluster(3);
  Client etcd(options({members[0]->url()}));
  std::promise<void> began;
  auto watching = std::async(std::launch::async, [&] {
    return etcd.watch({.key = "/a"}, 1, [&](const Notice& notice) {
      if (notice.type == Notice::Type::created) began.set_value();
      return true;
    });
  });
  began.get_future().wait();

  members[1]->kill();
  members[2]->kill();
  const auto ended = watching.get();

  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, Code::unavailable);
}

TEST(EtcdClient, CanBeInterruptedInAWatch) {
  auto etcd = client();
  std::promise<void> began;
  auto watching = std::async(std::launch::async, [&] {
    return etcd.watch({.key = "/quiet"}, 1, [&](const Notice&) {
      began.set_value();
      return true;
    });
  });
  began.get_future().wait();

  etcd.interrupt();

  const auto ended = watching.get();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, boost::system::errc::operation_canceled);
}

TEST(EtcdClient, SaysWhereNobodyAnswered) {
  auto wanted = options({"http://127.0.0.1:1"});
  Client etcd(wanted);

  const auto found = etcd.get({.key = "/a"});

  ASSERT_FALSE(found);
  EXPECT_NE(found.error().text.find("127.0.0.1:1"), std::string::npos) << found.error().text;
}

TEST(EtcdPrefix, EndsBehindTheLastKeyOfThePrefix) {
  EXPECT_EQ(end_of_prefix("/a/"), "/a0");
  EXPECT_EQ(end_of_prefix("a\xff"), "b");
  EXPECT_EQ(end_of_prefix("\xff"), std::string(1, '\0'));
}

}  // namespace
}  // namespace paddock::metadata::etcd
