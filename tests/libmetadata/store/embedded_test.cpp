// SPDX-License-Identifier: Apache-2.0
#include "support/temp_folder.hpp"

#include <paddock/metadata/store.hpp>

#include <boost/asio/ip/address.hpp>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <future>
#include <latch>
#include <thread>

namespace paddock::metadata {
namespace {

using Status = WriteResult::Status;

std::shared_ptr<Pod> pod(const std::string& name, const std::string& state = {}) {
  auto made = std::make_shared<Pod>();
  made->ns = "shop";
  made->name = name;
  made->state = state;
  made->labels = {{"app", "web"}};
  made->addresses = {boost::asio::ip::make_address("10.42.0.2")};
  return made;
}

std::shared_ptr<Service> service() {
  auto made = std::make_shared<Service>();
  made->ns = "shop";
  made->name = "web";
  made->selector = {{"app", "web"}};
  return made;
}

Write put(ObjectPtr object) { return {.object = std::move(object), .who = "uid=0"}; }
Write erase(const Key& key) { return {.key = key, .who = "uid=0"}; }

class EmbeddedStoreTest : public testing::Test {
 protected:
  void open() {
    store_.reset();
    store_ = open_embedded_store({.directory = directory_.path()});
  }
  void SetUp() override { open(); }

  void accept(Write write) {
    const WriteResult result = store_->write(std::move(write));
    EXPECT_TRUE(result.is_accepted()) << result.text;
  }

  // Why the store does not open.
  std::string refusal() {
    store_.reset();
    try {
      open();
    } catch (const std::runtime_error& thrown) {
      return thrown.what();
    }
    return "it opened";
  }

  test::TempFolder directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(EmbeddedStoreTest, BeginsEmptyWithAUuid) {
  EXPECT_EQ(store_->cluster()->size(), 0U);
  EXPECT_EQ(store_->cluster()->store().size(), 36U);
  EXPECT_EQ(store_->cluster()->revision(), 0U);
  EXPECT_EQ(store_->source(), "embedded:" + directory_.path().string());
}

TEST_F(EmbeddedStoreTest, KeepsWhatWasWrittenAcrossReopening) {
  const WriteResult written = store_->write(put(pod("a")));
  ASSERT_EQ(written.status, Status::created);
  EXPECT_EQ(written.revision, 1U);
  EXPECT_EQ(written.object->uid.size(), 36U);
  EXPECT_GT(written.object->created, 0);
  EXPECT_EQ(store_->cluster()->find<Pod>("shop", "a"), written.object);
  const std::string uuid = store_->cluster()->store();

  open();
  EXPECT_EQ(store_->cluster()->store(), uuid);
  EXPECT_EQ(store_->cluster()->revision(), 1U);
  ASSERT_TRUE(store_->cluster()->find<Pod>("shop", "a"));
  EXPECT_TRUE(equal(*store_->cluster()->find<Pod>("shop", "a"), *written.object));
}

TEST_F(EmbeddedStoreTest, ChangesAndDeletesCountUp) {
  accept(put(pod("a")));
  const WriteResult changed = store_->write(put(pod("a", "stopped")));
  EXPECT_EQ(changed.status, Status::changed);
  EXPECT_EQ(changed.revision, 2U);
  const WriteResult deleted = store_->write(erase(pod("a")->key()));
  EXPECT_EQ(deleted.status, Status::deleted);
  EXPECT_EQ(deleted.revision, 3U);
  EXPECT_EQ(store_->write(erase(pod("a")->key())).status, Status::not_found);
  EXPECT_EQ(store_->cluster()->size(), 0U);
}

TEST_F(EmbeddedStoreTest, AnUnchangedPutMakesNoRevision) {
  const WriteResult first = store_->write(put(pod("a", "running")));
  const WriteResult again = store_->write(put(pod("a")));

  EXPECT_EQ(again.status, Status::unchanged);
  EXPECT_EQ(again.revision, first.revision);
  EXPECT_EQ(store_->audit(10).size(), 1U);
}

TEST_F(EmbeddedStoreTest, PreconditionsHoldOrSayThePresentRevision) {
  Write create = put(pod("a"));
  create.only_create = true;
  EXPECT_EQ(store_->write(create).status, Status::created);
  const WriteResult exists = store_->write(create);
  EXPECT_EQ(exists.status, Status::precondition_failed);
  EXPECT_EQ(exists.revision, 1U);

  Write over = put(pod("a", "stopped"));
  over.if_match = 7;
  EXPECT_EQ(store_->write(over).status, Status::precondition_failed);
  over.if_match = 1;
  EXPECT_EQ(store_->write(over).status, Status::changed);

  Write absent = put(pod("b"));
  absent.if_match = 1;
  EXPECT_EQ(store_->write(absent).revision, 0U);
  Write gone = erase(pod("a")->key());
  gone.if_match = 1;
  EXPECT_EQ(store_->write(gone).status, Status::precondition_failed);
}

TEST_F(EmbeddedStoreTest, RefusesWhatIsInvalidWithAllProblems) {
  auto wrong = pod("UPPER");
  wrong->mac = "nonsense";
  const WriteResult result = store_->write(put(wrong));

  EXPECT_EQ(result.status, Status::invalid);
  EXPECT_EQ(result.problems.size(), 2U);
}

TEST_F(EmbeddedStoreTest, AUidStays) {
  const WriteResult first = store_->write(put(pod("a")));
  auto other = pod("a", "stopped");
  other->uid = "another";

  EXPECT_EQ(store_->write(put(other)).status, Status::invalid);
  other->uid = first.object->uid;
  EXPECT_EQ(store_->write(put(other)).status, Status::changed);
}

TEST_F(EmbeddedStoreTest, DerivesEndpointsAndLetsNobodyWriteThem) {
  accept(put(service()));
  accept(put(pod("a")));
  const Key key{Kind::endpoints, "shop", "web"};
  const auto derived = store_->cluster()->find<Endpoints>("shop", "web");
  ASSERT_TRUE(derived);
  EXPECT_EQ(derived->endpoints.size(), 1U);

  auto own = std::make_shared<Endpoints>();
  own->ns = "shop";
  own->name = "web";
  EXPECT_EQ(store_->write(put(own)).status, Status::derived);
  EXPECT_EQ(store_->write(erase(key)).status, Status::derived);
  auto pretended = clone(*derived);
  pretended->name = "web-2";
  EXPECT_EQ(store_->write(put(pretended)).status, Status::derived);

  open();
  ASSERT_TRUE(store_->cluster()->find<Endpoints>("shop", "web"));
  EXPECT_EQ(store_->cluster()->find<Endpoints>("shop", "web")->endpoints, derived->endpoints);
}

TEST_F(EmbeddedStoreTest, TellsTheChangesSinceARevision) {
  accept(put(service()));
  accept(put(pod("a")));
  accept(put(pod("a", "stopped")));

  const auto changes = store_->changes_since(1);
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->size(), 2U);
  EXPECT_EQ(format((*changes)[0].key), "pods/shop/a");
  EXPECT_EQ(format((*changes)[1].key), "endpoints/shop/web");
  EXPECT_EQ((*changes)[1].revision, 3U);
  EXPECT_TRUE(store_->changes_since(3)->empty());
  EXPECT_FALSE(store_->changes_since(4)) << "of the future";
  open();
  EXPECT_TRUE(store_->changes_since(3)) << "nothing was missed by a restart";
  EXPECT_FALSE(store_->changes_since(2)) << "the history went with it";
}

TEST_F(EmbeddedStoreTest, ForgetsChangesBeyondTheHistory) {
  store_.reset();
  store_ = open_embedded_store({.directory = directory_.path(), .history = 3});
  for (int i = 0; i < 5; ++i) accept(put(pod("p" + std::to_string(i))));

  EXPECT_FALSE(store_->changes_since(1));
  EXPECT_EQ(store_->changes_since(2)->size(), 3U);
}

TEST_F(EmbeddedStoreTest, WaitersAndSubscribersHearOfAChange) {
  std::atomic<int> calls = 0;
  auto subscription = store_->subscribe([&calls] { ++calls; });
  auto waiting = std::async(std::launch::async, [this] {
    return store_->wait(0, std::chrono::steady_clock::now() + std::chrono::seconds(30));
  });
  accept(put(pod("a")));
  const auto seen = waiting.get();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->revision(), 1U);
  EXPECT_EQ(calls, 1);

  subscription.reset();
  accept(put(pod("b")));
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(store_->wait(2, std::chrono::steady_clock::now()));
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_FALSE(store_->wait(2, std::chrono::steady_clock::time_point::max(), stopped.get_token()));
}

TEST_F(EmbeddedStoreTest, AuditsWhoWroteWhat) {
  accept(put(pod("a")));
  accept(erase(pod("a")->key()));

  const auto lines = store_->audit(10);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].find("{\"revision\":1,\"time\":"), 0U);
  EXPECT_NE(lines[0].find("\"who\":\"uid=0\",\"verb\":\"put\",\"key\":\"pods/shop/a\",\"before\":"
                          "null,\"after\":{\"kind\":\"Pod\","),
            std::string::npos)
      << lines[0];
  EXPECT_NE(lines[1].find("\"verb\":\"delete\""), std::string::npos);
  EXPECT_TRUE(lines[1].ends_with("\"after\":null}")) << lines[1];
  EXPECT_EQ(store_->audit(1), std::vector{lines[1]});
}

TEST_F(EmbeddedStoreTest, ManyWritersAtOnceAllGetTheirs) {
  constexpr int writers = 8;
  constexpr int each = 100;
  std::vector<std::jthread> threads;
  std::atomic<int> created = 0;
  for (int w = 0; w < writers; ++w) {
    threads.emplace_back([this, w, &created] {
      for (int i = 0; i < each; ++i) {
        const auto name = "p" + std::to_string(w) + "-" + std::to_string(i);
        if (store_->write(put(pod(name))).status == Status::created) ++created;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(created, writers * each);
  EXPECT_EQ(store_->cluster()->revision(), static_cast<std::uint64_t>(writers * each));
  EXPECT_EQ(store_->audit(10'000).size(), static_cast<std::size_t>(writers * each));
}

// A commit for three writes or so. Whoever is slower here has more of them in each.
TEST_F(EmbeddedStoreTest, GathersTheWritesOfThoseWhoWriteWhenTheyLike) {
  constexpr int at_once = 32;
  constexpr int spread = 300;
  std::atomic<int> commits = 0;
  const auto subscription = store_->subscribe([&commits] { ++commits; });
  std::latch answered(at_once + spread);
  const auto submit = [&](int i) {
    store_->submit(put(pod("p" + std::to_string(i))), [&](const WriteResult& result) {
      EXPECT_TRUE(result.is_accepted()) << result.text;
      answered.count_down();
    });
  };
  for (int i = 0; i < at_once; ++i) submit(i);
  auto next = std::chrono::steady_clock::now();
  for (int i = 0; i < spread; ++i) {
    std::this_thread::sleep_until(next += std::chrono::milliseconds(1));
    submit(at_once + i);
  }
  answered.wait();
  EXPECT_LT(commits, spread / 2);
}

TEST_F(EmbeddedStoreTest, SaysThatAnotherProcessHasIt) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 1;
    try {
      (void)open_embedded_store({.directory = directory_.path()});
    } catch (const std::runtime_error& thrown) {
      const std::string text = thrown.what();
      code = text.find("in use by another process (pid " + std::to_string(::getppid())) ==
                     std::string::npos
                 ? 2
                 : 0;
    }
    ::_exit(code);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(EmbeddedStoreTest, SaysThatTheFileIsDamaged) {
  accept(put(pod("a")));
  store_.reset();
  std::ofstream(directory_.path() / "store.mdb") << std::string(100'000, 'x');
  EXPECT_NE(refusal().find("damaged"), std::string::npos) << refusal();
}

TEST_F(EmbeddedStoreTest, SaysThatTheFileIsTruncated) {
  for (int i = 0; i < 200; ++i) accept(put(pod("p" + std::to_string(i))));
  store_.reset();
  std::filesystem::resize_file(directory_.path() / "store.mdb", 12'288);
  EXPECT_NE(refusal().find("damaged"), std::string::npos) << refusal();
}

TEST_F(EmbeddedStoreTest, StartsANewAuditAfterTheStoreWasMovedAway) {
  for (int i = 0; i < 3; ++i) accept(put(pod("p" + std::to_string(i))));
  store_.reset();
  std::filesystem::remove(directory_.path() / "store.mdb");
  open();
  accept(put(pod("q")));
  open();

  EXPECT_EQ(store_->audit(10).size(), 4U);
  EXPECT_EQ(store_->cluster()->revision(), 1U);
}

TEST_F(EmbeddedStoreTest, CopiesToTheAuditLogWhatACrashLeftOut) {
  for (int i = 0; i < 3; ++i) accept(put(pod("p" + std::to_string(i))));
  const auto all = store_->audit(10);
  store_.reset();
  std::ofstream(directory_.path() / "audit.log") << all[0] << "\n" << all[1].substr(0, 20);

  open();
  EXPECT_EQ(store_->audit(10), all);
}

}  // namespace
}  // namespace paddock::metadata
