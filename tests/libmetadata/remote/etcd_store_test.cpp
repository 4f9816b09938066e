// SPDX-License-Identifier: Apache-2.0
//
// The store in etcd against Debian's etcd.
#include "libmetadata/tls_certificates.hpp"
#include "support/etcd_server.hpp"
#include "support/happening.hpp"

#include <paddock/metadata/etcd.hpp>
#include <paddock/metadata/remote_store.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace paddock::metadata {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Status = WriteResult::Status;
using Clock = std::chrono::steady_clock;
using test::becomes_true;

std::shared_ptr<Service> service(const std::string& name, const std::string& selected = "") {
  auto made = std::make_shared<Service>();
  made->ns = "shop";
  made->name = name;
  if (!selected.empty()) made->selector = TextMap({{"app", selected}});
  return made;
}

std::shared_ptr<Pod> pod(const std::string& name, const std::string& address) {
  auto made = std::make_shared<Pod>();
  made->ns = "shop";
  made->name = name;
  made->host = "one";
  made->labels = TextMap({{"app", "web"}});
  made->addresses = Addresses({boost::asio::ip::make_address(address)});
  return made;
}

Write writing(std::shared_ptr<Object> object) {
  Write write;
  write.key = object->key();
  write.object = std::move(object);
  write.who = "test";
  return write;
}

Write erasing(const Key& key) {
  Write write;
  write.key = key;
  return write;
}

bool knows(const Store& store, const std::function<bool(const Cluster&)>& condition) {
  return becomes_true([&] {
    const auto cluster = store.cluster();
    return cluster && condition(*cluster);
  });
}

std::function<bool(const Cluster&)> has_service(const std::string& name) {
  return [name](const Cluster& c) { return c.find<Service>("shop", name) != nullptr; };
}

class EtcdStoreTest : public ::testing::Test {
 protected:
  void start_server() {
    server_.start();
    server_.wait_until_ready();
  }
  [[nodiscard]] EtcdStoreOptions options(const std::string& folder = "") const {
    EtcdStoreOptions options;
    options.endpoints = {server_.url()};
    if (!folder.empty()) options.directory = folder_.path() / folder;
    options.save_after = milliseconds(10);
    options.longest_retry = milliseconds(200);
    return options;
  }
  static std::unique_ptr<Store> open(EtcdStoreOptions options) {
    auto store = open_etcd_store(std::move(options));
    EXPECT_TRUE(becomes_true([&] { return store->health().is_connected; }));
    return store;
  }
  // What somebody does beside Paddock.
  [[nodiscard]] int etcdctl(const std::string& words) const {
    return std::system(
        ("ETCDCTL_API=3 etcdctl --endpoints=" + server_.url() + " " + words + " >/dev/null")
            .c_str());
  }
  [[nodiscard]] etcd::Client client() const {
    return etcd::Client({.endpoints = {server_.url()}, .access = {}});
  }
  test::EtcdServer server_;
  test::TempFolder folder_;
};

TEST_F(EtcdStoreTest, IsOneStoreForAllWhoOpenIt) {
  start_server();
  const auto here = open(options("here"));
  const auto there = open(options("there"));

  const auto written = here->write(writing(service("web")));

  EXPECT_EQ(written.status, Status::created) << written.text;
  EXPECT_EQ(here->cluster()->revision(), written.revision);
  ASSERT_TRUE(knows(*there, has_service("web")));
  const auto seen = there->cluster()->find<Service>("shop", "web");
  EXPECT_EQ(seen->revision, written.revision);
  EXPECT_EQ(seen->uid, written.object->uid);
  EXPECT_EQ(there->cluster()->store(), here->cluster()->store());
  EXPECT_EQ(there->cluster()->revision(), here->cluster()->revision());
}

TEST_F(EtcdStoreTest, KeepsOneObjectAKeyInJson) {
  start_server();
  const auto store = open(options());

  const auto written = store->write(writing(service("web")));
  const auto found = client().get({.key = "/paddock/services/shop/web"});

  ASSERT_TRUE(found) << found.error().text;
  ASSERT_EQ(found->values.size(), 1U);
  EXPECT_EQ(static_cast<std::uint64_t>(found->values[0].mod_revision), written.revision);
  EXPECT_NE(found->values[0].value.find(R"("kind":"Service")"), std::string::npos);
  EXPECT_EQ(found->values[0].value.find("revision"), std::string::npos);
}

TEST_F(EtcdStoreTest, ManyWritesAtOnceEachEndAsTheyWouldAlone) {
  start_server();
  const auto here = open(options("here"));
  const auto there = open(options());
  ASSERT_EQ(there->write(writing(service("s7"))).status, Status::created);
  std::vector<Write> writes;
  for (int i = 0; i < 100; ++i) writes.push_back(writing(service("s" + std::to_string(i))));
  writes.push_back(writing(service("s1")));  // as it is by then
  writes.push_back(erasing({Kind::service, "shop", "s2"}));
  writes.push_back(erasing({Kind::service, "shop", "missing"}));
  auto only = writing(service("s3"));
  only.only_create = true;
  writes.push_back(std::move(only));

  std::vector<std::promise<WriteResult>> answered(writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    here->submit(std::move(writes[i]),
                 [&answered, i](WriteResult result) { answered[i].set_value(std::move(result)); });
  }
  std::vector<WriteResult> results;
  for (auto& one : answered) results.push_back(one.get_future().get());

  for (int i = 0; i < 100; ++i) {
    const auto wanted = i == 7 ? Status::unchanged : Status::created;
    EXPECT_EQ(results[static_cast<std::size_t>(i)].status, wanted) << i;
  }
  EXPECT_EQ(results[100].status, Status::unchanged);
  EXPECT_EQ(results[101].status, Status::deleted);
  EXPECT_EQ(results[102].status, Status::not_found);
  EXPECT_EQ(results[103].status, Status::precondition_failed);
  EXPECT_EQ(here->cluster()->services().size(), 99U);
  EXPECT_EQ(here->audit(1000).size(), 100U);
}

TEST_F(EtcdStoreTest, RefusesWhatIsWrittenOverAnotherRevision) {
  start_server();
  const auto here = open(options());
  const auto there = open(options());
  const auto first = here->write(writing(service("web")));
  auto next = service("web");
  next->scale = 2;
  ASSERT_EQ(there->write(writing(next)).status, Status::changed);

  auto stale = writing(service("web"));
  stale.if_match = first.revision;
  auto again = writing(service("web"));
  again.only_create = true;
  const auto refused = here->write(std::move(stale));
  const auto exists = here->write(std::move(again));
  const auto unchanged = here->write(writing(next));
  const auto gone = there->write(erasing({Kind::service, "shop", "web"}));
  const auto not_there = here->write(erasing({Kind::service, "shop", "web"}));

  EXPECT_EQ(refused.status, Status::precondition_failed);
  EXPECT_GT(refused.revision, first.revision);
  EXPECT_EQ(exists.status, Status::precondition_failed);
  EXPECT_EQ(unchanged.status, Status::unchanged);
  EXPECT_EQ(gone.status, Status::deleted);
  EXPECT_EQ(not_there.status, Status::not_found);
}

TEST_F(EtcdStoreTest, SaysWhatEtcdWillNeverTake) {
  start_server();
  const auto store = open(options());
  auto endpoints = std::make_shared<Endpoints>();
  endpoints->ns = "shop";
  endpoints->name = endpoints->service = "web";
  std::vector<Endpoint> list(1);
  list[0].addresses = {boost::asio::ip::make_address("2001:db8:1111:2222:3333:4444:5555:6666")};
  list.resize(40'000, list[0]);  // etcd takes 1.5 MB at once
  endpoints->endpoints = std::move(list);

  const auto refused = store->write(writing(endpoints));

  EXPECT_EQ(refused.status, Status::failed);
  EXPECT_NE(refused.text.find("; nothing was changed"), std::string::npos) << refused.text;
}

TEST_F(EtcdStoreTest, DerivesEndpointsWithoutStoringThem) {
  start_server();
  const auto here = open(options());
  const auto there = open(options());
  ASSERT_TRUE(here->write(writing(service("web", "web"))).is_accepted());
  ASSERT_TRUE(here->write(writing(pod("web-1", "10.42.0.7"))).is_accepted());
  const auto has_one = [](const Cluster& cluster) {
    const auto endpoints = cluster.find<Endpoints>("shop", "web");
    return endpoints && endpoints->derived && endpoints->endpoints.size() == 1;
  };

  EXPECT_TRUE(knows(*here, has_one));
  EXPECT_TRUE(knows(*there, has_one));
  const auto stored = client().get(
      {.key = "/paddock/endpoints/", .end = etcd::end_of_prefix("/paddock/endpoints/")});
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->count, 0);
  auto endpoints = std::make_shared<Endpoints>();
  endpoints->ns = "shop";
  endpoints->name = "web";
  endpoints->service = "web";
  EXPECT_EQ(here->write(writing(endpoints)).status, Status::derived);
}

TEST_F(EtcdStoreTest, LeavesOutABrokenValueAndSaysWhichKey) {
  start_server();
  const auto store = open(options());
  ASSERT_TRUE(store->write(writing(service("web"))).is_accepted());

  ASSERT_EQ(etcdctl("put /paddock/services/shop/broken '{\"ports\": 7}'"), 0);
  ASSERT_EQ(etcdctl("put /paddock/services/shop/torn '{\"po'"), 0);
  ASSERT_EQ(etcdctl("put /paddock/services/shop/db '{}'"), 0);

  ASSERT_TRUE(knows(*store, has_service("db")));
  EXPECT_EQ(store->cluster()->count(Kind::service), 2U);
  const auto problems = store->health().problems;
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_NE(format(problems[0]).find("/paddock/services/shop/broken: ports"), std::string::npos)
      << format(problems[0]);
  EXPECT_EQ(problems[1].object, "/paddock/services/shop/torn");
  // Somebody's hand may leave out the uid; all agree on one.
  EXPECT_EQ(store->cluster()->find<Service>("shop", "db")->uid,
            open(options())->cluster()->find<Service>("shop", "db")->uid);
  // A right value mends it.
  EXPECT_EQ(store->write(writing(service("torn"))).status, Status::created);
  EXPECT_EQ(store->health().problems.size(), 1U);
}

TEST_F(EtcdStoreTest, ServesOnWhileEtcdIsAwayAndHealsWhenItIsBack) {
  start_server();
  const auto store = open(options());
  ASSERT_TRUE(store->write(writing(service("web"))).is_accepted());

  server_.kill();
  ASSERT_TRUE(knows(*store, [](const Cluster& c) { return c.stale_since() != 0; }));
  const auto refused = store->write(writing(service("db")));
  const auto meanwhile = store->cluster();
  server_.start();

  EXPECT_EQ(refused.status, Status::unavailable);
  EXPECT_TRUE(meanwhile->find<Service>("shop", "web"));
  EXPECT_FALSE(store->health().last_error.empty());
  ASSERT_TRUE(knows(*store, [](const Cluster& c) { return c.stale_since() == 0; }));
  EXPECT_TRUE(store->write(writing(service("cache"))).is_accepted());
}

TEST_F(EtcdStoreTest, ServesWhatItKnewWhenItStartsWithoutEtcd) {
  start_server();
  std::uint64_t revision = 0;
  {
    const auto store = open(options("state"));
    revision = store->write(writing(service("web"))).revision;
  }
  server_.kill();

  const auto store = open_etcd_store(options("state"));

  ASSERT_TRUE(store->cluster());
  EXPECT_EQ(store->cluster()->revision(), revision);
  EXPECT_NE(store->cluster()->stale_since(), 0);
  EXPECT_TRUE(store->cluster()->find<Service>("shop", "web"));
  server_.start();
  ASSERT_TRUE(knows(*store, [](const Cluster& c) { return c.stale_since() == 0; }));
  // Nothing changed, so who follows may go on where it was.
  EXPECT_TRUE(store->changes_since(revision));
}

TEST_F(EtcdStoreTest, ReadsAgainByDifferenceWhatWasCompacted) {
  start_server();
  {
    const auto store = open(options("state"));
    ASSERT_TRUE(store->write(writing(service("web"))).is_accepted());
    ASSERT_TRUE(store->write(writing(service("db"))).is_accepted());
  }
  ASSERT_EQ(etcdctl("del /paddock/services/shop/db"), 0);
  ASSERT_EQ(etcdctl("put /other x"), 0);
  const auto now = client().get({.key = "/other"});
  ASSERT_TRUE(now);
  ASSERT_EQ(etcdctl("compact " + std::to_string(now->revision)), 0);
  std::atomic<int> restarts = 0;
  auto wanted = options("state");
  wanted.events.restarted = [&](const Error&) { ++restarts; };

  const auto store = open_etcd_store(std::move(wanted));
  const auto kept = store->cluster()->find<Service>("shop", "web");
  std::atomic<bool> was_empty = false;
  const auto watching = store->subscribe([&] {
    if (store->cluster()->size() == 0) was_empty = true;
  });

  ASSERT_TRUE(knows(*store, [](const Cluster& c) { return !c.find<Service>("shop", "db"); }));
  EXPECT_EQ(restarts, 1);
  EXPECT_EQ(store->cluster()->find<Service>("shop", "web"), kept);  // the very object
  EXPECT_FALSE(was_empty);
  EXPECT_FALSE(store->changes_since(kept->revision));
}

TEST_F(EtcdStoreTest, GoesOnAfterACompactionBeyondWhatItHasSeen) {
  start_server();
  auto wanted = options();
  wanted.silence = milliseconds(300);
  const auto store = open(std::move(wanted));
  for (int i = 0; i < 3; ++i) ASSERT_EQ(etcdctl("put /other x"), 0);
  const auto now = client().get({.key = "/other"});
  ASSERT_TRUE(now);

  ASSERT_EQ(etcdctl("compact " + std::to_string(now->revision)), 0);

  EXPECT_TRUE(knows(*store, [&](const Cluster& c) {
    return c.revision() >= static_cast<std::uint64_t>(now->revision);
  }));
  EXPECT_TRUE(store->write(writing(service("web"))).is_accepted());
}

TEST_F(EtcdStoreTest, LetsTheObjectsOfADeadOwnerGo) {
  start_server();
  const auto watching = open(options());
  {
    auto wanted = options();
    wanted.owner_time = seconds(5);
    const auto dying = open(std::move(wanted));
    auto owned = writing(pod("web-1", "10.42.0.7"));
    owned.owner = "one";
    ASSERT_TRUE(dying->write(std::move(owned)).is_accepted());
    ASSERT_TRUE(dying->write(writing(pod("web-2", "10.42.0.8"))).is_accepted());
    // A label from somebody else does not make it live longer.
    auto labelled = pod("web-1", "10.42.0.7");
    labelled->labels = TextMap({{"app", "other"}});
    ASSERT_EQ(watching->write(writing(labelled)).status, Status::changed);
  }
  ASSERT_TRUE(knows(*watching, [](const Cluster& c) { return !c.find<Pod>("shop", "web-1"); }));
  EXPECT_TRUE(watching->cluster()->find<Pod>("shop", "web-2"));
}

TEST_F(EtcdStoreTest, KeepsTheObjectsOfAnOwnerWhoLivesAcrossARestart) {
  start_server();
  auto wanted = options("state");
  wanted.owner_time = seconds(4);
  {
    const auto first = open(wanted);
    auto owned = writing(pod("web-1", "10.42.0.7"));
    owned.owner = "one";
    ASSERT_TRUE(first->write(std::move(owned)).is_accepted());
  }
  const auto second = open(wanted);
  ASSERT_TRUE(
      knows(*second, [](const Cluster& c) { return c.find<Pod>("shop", "web-1") != nullptr; }));
  const auto until = Clock::now() + seconds(7);  // longer than a lease lives by itself

  while (Clock::now() < until) {
    second->keep("one");
    std::this_thread::sleep_for(milliseconds(50));
    ASSERT_TRUE(second->cluster()->find<Pod>("shop", "web-1"));
  }
}

TEST_F(EtcdStoreTest, NotesAcceptedWritesInItsAuditLog) {
  start_server();
  const auto store = open(options("state"));

  const auto written = store->write(writing(service("web")));
  ASSERT_EQ(store->write(writing(service("web"))).status, Status::unchanged);
  ASSERT_TRUE(store->write(erasing({Kind::service, "shop", "web"})).is_accepted());

  const auto lines = store->audit(10);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].starts_with("{\"revision\":" + std::to_string(written.revision)));
  EXPECT_NE(lines[0].find(R"("who":"test","verb":"put","key":"services/shop/web")"),
            std::string::npos)
      << lines[0];
  EXPECT_NE(lines[1].find(R"("verb":"delete")"), std::string::npos);
}

TEST_F(EtcdStoreTest, OnlyReadsWhereItMayNotWrite) {
  start_server();
  const auto writer = open(options());
  ASSERT_TRUE(writer->write(writing(service("web"))).is_accepted());
  auto wanted = options("reader");
  wanted.is_writable = false;

  const auto reader = open(std::move(wanted));

  EXPECT_EQ(reader->write(writing(service("db"))).status, Status::read_only);
  EXPECT_TRUE(knows(*reader, has_service("web")));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "reader" / "audit.log"));
}

TEST(EtcdStoreOfThree, FollowsTheLeaderThroughDeathAndFreezing) {
  auto members = test::etcd_cluster(3);
  EtcdStoreOptions options;
  for (const auto& member : members) options.endpoints.push_back(member->url());
  options.timeout = seconds(6);
  options.silence = seconds(2);
  const auto store = open_etcd_store(std::move(options));
  ASSERT_TRUE(becomes_true([&] { return store->write(writing(service("web"))).is_accepted(); }));

  members[0]->kill();
  EXPECT_TRUE(becomes_true([&] { return store->write(writing(service("a"))).is_accepted(); }));
  members[0]->start();
  members[0]->wait_until_ready();
  members[1]->freeze();
  EXPECT_TRUE(becomes_true([&] { return store->write(writing(service("b"))).is_accepted(); }));
  EXPECT_TRUE(knows(*store, [](const Cluster& c) {
    return c.stale_since() == 0 && c.find<Service>("shop", "b");
  }));
  members[1]->thaw();

  EXPECT_EQ(store->cluster()->count(Kind::service), 3U);
}

TEST(EtcdStoreForms, AreChecked) {
  EXPECT_THROW((void)open_etcd_store({}), std::invalid_argument);
  EtcdStoreOptions options;
  options.endpoints = {"http://127.0.0.1:1"};
  options.prefix = "/";
  EXPECT_THROW((void)open_etcd_store(options), std::invalid_argument);
}

}  // namespace
}  // namespace paddock::metadata
