// SPDX-License-Identifier: Apache-2.0
#include "support/temp_folder.hpp"

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/codec.hpp>
#include <paddock/metadata/follower.hpp>
#include <paddock/metadata/http_server.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <deque>
#include <fstream>
#include <future>

namespace paddock::metadata {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

ObjectPtr host(const std::string& name, const std::string& zone = "") {
  auto made = std::make_shared<Host>();
  made->name = name;
  made->uid = "uid-" + name;
  made->zone = zone;
  return made;
}

std::string bookmark(std::uint64_t revision, const std::string& store = "s1") {
  return encode_bookmark({.store = store, .revision = revision, .stale_since = 0});
}

// A metadatad that sends what the test says and remembers what it was asked.
class FakeServer {
 public:
  explicit FakeServer(const std::string& path) {
    HttpOptions options;
    options.unix_sockets = {{.path = path, .mode = 0600, .group = {}}};
    server_ = std::make_unique<HttpServer>(
        std::move(options), [this](const Request& request) { return answer(request); });
    server_->start();
  }
  // The answer to the next connection: a stream that begins with these lines, or 410.
  void next_stream(std::string lines) {
    on_loop([this, lines] { streams_.push_back(lines); });
  }
  void next_is_gone() {
    on_loop([this] { streams_.emplace_back("410"); });
  }
  // To the stream that is open.
  void send(const std::string& lines) {
    on_loop([this, lines] {
      pending_ += lines;
      server_->wake(connection_);
    });
  }
  void end_stream() {
    on_loop([this] {
      ends_ = true;
      server_->wake(connection_);
    });
  }
  std::vector<std::string> queries() {
    std::vector<std::string> copy;
    on_loop([&] { copy = queries_; });
    return copy;
  }

 private:
  struct Stream : ChunkSource {
    explicit Stream(FakeServer& the_fake) : fake(the_fake) {}
    Chunk next() override {
      if (!fake.pending_.empty()) {
        return {Chunk::State::data,
                std::make_shared<const std::string>(std::exchange(fake.pending_, "")),
                {}};
      }
      if (std::exchange(fake.ends_, false)) return {};
      return {Chunk::State::waiting, nullptr, Clock::now() + std::chrono::hours(1)};
    }
    FakeServer& fake;
  };
  Response answer(const Request& request) {
    queries_.emplace_back(request.query);
    if (streams_.empty()) return {.status = 503, .body = "{\"detail\":\"nothing is known\"}"};
    const std::string lines = streams_.front();
    streams_.pop_front();
    if (lines == "410") return {.status = 410, .body = "{\"detail\":\"too old\"}"};
    connection_ = request.connection;
    pending_ = lines;
    return {.stream = std::make_unique<Stream>(*this)};
  }
  void on_loop(const std::function<void()>& work) {
    std::promise<void> done;
    server_->post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }
  std::deque<std::string> streams_;
  std::vector<std::string> queries_;
  std::string pending_;
  bool ends_ = false;
  ConnectionId connection_ = 0;
  std::unique_ptr<HttpServer> server_;
};

class FollowerTest : public ::testing::Test {
 protected:
  FollowerOptions options() {
    FollowerOptions made;
    made.server = "unix:" + directory_.file("s");
    made.heartbeat = std::chrono::seconds(20);
    made.shortest_retry = milliseconds(1);
    made.longest_retry = milliseconds(10);
    made.events.lost = [this](const Error& why) {
      const std::scoped_lock lock(mutex_);
      losses_.push_back(why.text);
    };
    made.events.broken_event = [this](const Error&) { ++broken_; };
    made.events.snapshot_ignored = [this](const Error& why) { ignored_ = why.text; };
    made.events.snapshot_failed = [this](const Error&) { ++failed_saves_; };
    return made;
  }
  // The first state of which `condition` holds; null after a minute.
  template <class Condition>
  std::shared_ptr<const Cluster> wait_for(Follower& follower, Condition condition) {
    auto cluster = follower.cluster();
    const auto deadline = Clock::now() + std::chrono::minutes(1);
    while (cluster == nullptr || !condition(*cluster)) {
      cluster = follower.next(cluster, deadline);
      if (cluster == nullptr) return nullptr;
    }
    return cluster;
  }
  std::shared_ptr<const Cluster> wait_for_revision(Follower& follower, std::uint64_t revision) {
    return wait_for(follower, [&](const Cluster& c) { return c.revision() == revision; });
  }
  test::TempFolder directory_;
  std::mutex mutex_;
  std::vector<std::string> losses_;
  std::string ignored_;
  std::atomic<int> broken_ = 0;
  std::atomic<int> failed_saves_ = 0;
};

TEST_F(FollowerTest, PublishesAtBookmarksOnly) {
  FakeServer server(directory_.file("s"));
  server.next_stream(encode_put(*host("a")) + encode_put(*host("b")));
  Follower follower(options());
  follower.start();
  EXPECT_EQ(follower.next(nullptr, Clock::now() + milliseconds(30)), nullptr);

  server.send(bookmark(2));
  const auto first = wait_for_revision(follower, 2);
  server.send(encode_delete({Kind::host, "", "a"}, 3) + encode_put(*host("c")) + bookmark(4));
  const auto second = wait_for_revision(follower, 4);

  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->count(Kind::host), 2U);
  EXPECT_FALSE(second->find<Host>("a"));
  EXPECT_TRUE(second->find<Host>("c"));
  EXPECT_EQ(second->store(), "s1");
  EXPECT_EQ(second->stale_since(), 0);
  EXPECT_TRUE(follower.status().is_connected);
}

TEST_F(FollowerTest, ResumesBehindTheLastBookmark) {
  FakeServer server(directory_.file("s"));
  server.next_stream(encode_put(*host("a")) + bookmark(2) + encode_put(*host("half")));
  Follower follower(options());
  follower.start();
  ASSERT_TRUE(wait_for_revision(follower, 2));

  server.next_stream(bookmark(2) + encode_put(*host("b")) + bookmark(5));
  server.end_stream();
  const auto cluster = wait_for_revision(follower, 5);

  ASSERT_TRUE(cluster);
  EXPECT_NE(server.queries().at(1).find("&since=2&store=s1"), std::string::npos);
  EXPECT_TRUE(cluster->find<Host>("a"));
  EXPECT_TRUE(cluster->find<Host>("b"));
  EXPECT_FALSE(cluster->find<Host>("half"));
}

TEST_F(FollowerTest, IsStaleWhileTheServerIsAway) {
  FakeServer server(directory_.file("s"));
  server.next_stream(encode_put(*host("a")) + bookmark(2));
  Follower follower(options());
  follower.start();
  ASSERT_TRUE(wait_for_revision(follower, 2));

  server.end_stream();
  const auto stale = wait_for(follower, [](const Cluster& c) { return c.stale_since() != 0; });
  ASSERT_TRUE(stale);
  EXPECT_TRUE(stale->find<Host>("a"));
  EXPECT_NE(follower.status().stale_since, 0);
  server.next_stream(bookmark(2));
  const auto fresh = wait_for(follower, [](const Cluster& c) { return c.stale_since() == 0; });

  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->revision(), 2U);
  EXPECT_EQ(follower.status().connections, 2U);
  const std::scoped_lock lock(mutex_);
  EXPECT_EQ(losses_.size(), 1U);
}

TEST_F(FollowerTest, ReadsAllAgainWhenItsRevisionIsGoneWithoutTearingTheStateDown) {
  FakeServer server(directory_.file("s"));
  server.next_stream(encode_put(*host("a")) + encode_put(*host("b")) + bookmark(2));
  Follower follower(options());
  follower.start();
  const auto before = wait_for_revision(follower, 2);
  ASSERT_TRUE(before);

  server.next_is_gone();
  server.next_stream(encode_put(*host("b")) + encode_put(*host("c")) + bookmark(9, "s2"));
  server.end_stream();
  const auto after = wait_for_revision(follower, 9);

  ASSERT_TRUE(after);
  EXPECT_EQ(server.queries().back().find("since"), std::string::npos);
  std::vector<std::string> differences;
  diff(*before, *after, [&](const Difference& difference) {
    differences.push_back((difference.after ? "+" : "-") + difference.either().name.str());
    return true;
  });
  EXPECT_EQ(differences, (std::vector<std::string>{"-a", "+c"}));
}

TEST_F(FollowerTest, ReconnectsWhenNoHeartbeatComes) {
  FakeServer server(directory_.file("s"));
  server.next_stream(bookmark(2));
  auto quick = options();
  quick.heartbeat = milliseconds(300);
  Follower follower(std::move(quick));
  follower.start();
  ASSERT_TRUE(wait_for_revision(follower, 2));

  server.next_stream(bookmark(3));

  EXPECT_TRUE(wait_for_revision(follower, 3));
}

TEST_F(FollowerTest, LeavesABrokenObjectOutAndSaysSo) {
  FakeServer server(directory_.file("s"));
  server.next_stream(
      "{\"type\":\"put\",\"revision\":1,\"object\":{\"kind\":\"Host\",\"name\":\"NO NAME\"}}\n"
      "not json\n" +
      encode_put(*host("a")) + bookmark(2));
  Follower follower(options());
  follower.start();

  const auto cluster = wait_for_revision(follower, 2);

  ASSERT_TRUE(cluster);
  EXPECT_EQ(cluster->size(), 1U);
  EXPECT_EQ(broken_, 2);
}

TEST_F(FollowerTest, PassesTheServersStalenessOn) {
  FakeServer server(directory_.file("s"));
  server.next_stream(bookmark(2));
  Follower follower(options());
  follower.start();
  ASSERT_TRUE(wait_for_revision(follower, 2));

  server.send(encode_heartbeat({.store = "s1", .revision = 2, .stale_since = 77}));

  EXPECT_TRUE(wait_for(follower, [](const Cluster& c) { return c.stale_since() == 77; }));
}

TEST_F(FollowerTest, StartsFromItsSnapshotFileWhenTheServerIsAway) {
  auto with_file = options();
  with_file.snapshot_file = directory_.file("snapshot");
  {
    FakeServer server(directory_.file("s"));
    server.next_stream(encode_put(*host("a", "z")) + bookmark(2));
    Follower follower(with_file);
    follower.start();
    ASSERT_TRUE(wait_for_revision(follower, 2));
    follower.stop();
  }

  Follower again(with_file);

  const auto cluster = again.cluster();
  ASSERT_TRUE(cluster);
  EXPECT_EQ(cluster->revision(), 2U);
  EXPECT_EQ(cluster->store(), "s1");
  EXPECT_EQ(cluster->find<Host>("a")->zone, "z");
  EXPECT_NE(cluster->stale_since(), 0);
  struct stat status {};
  ASSERT_EQ(::stat(with_file.snapshot_file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);

  FakeServer server(directory_.file("s"));
  server.next_stream(bookmark(2));
  again.start();
  ASSERT_TRUE(wait_for(again, [](const Cluster& c) { return c.stale_since() == 0; }));
  EXPECT_NE(server.queries().at(0).find("&since=2&store=s1"), std::string::npos);
}

// Hosts without their zone, and none whose name begins with an x.
Reduction without_zones() {
  Reduction reduction;
  reduction.part = Part::names;
  reduction.form = "without zones";
  reduction.keep = [](const ObjectPtr& object) -> ObjectPtr {
    if (object->name.view().starts_with('x')) return nullptr;
    auto host = clone(static_cast<const Host&>(*object));
    host->zone = {};
    return host;
  };
  return reduction;
}

TEST_F(FollowerTest, KeepsWhatItsReductionLeaves) {
  FakeServer server(directory_.file("s"));
  server.next_stream(encode_put(*host("a", "z")) + encode_put(*host("x", "z")) + bookmark(2));
  auto reduced = options();
  reduced.reduction = without_zones();
  Follower follower(std::move(reduced));
  follower.start();

  const auto cluster = wait_for_revision(follower, 2);
  ASSERT_TRUE(cluster);
  EXPECT_EQ(cluster->size(), 1U);
  EXPECT_TRUE(cluster->find<Host>("a")->zone.empty());
  EXPECT_NE(server.queries().at(0).find("&part=names"), std::string::npos);
}

TEST_F(FollowerTest, ReadsEverythingAnewWhenItsSnapshotIsOfAnotherForm) {
  auto with_file = options();
  with_file.snapshot_file = directory_.file("snapshot");
  {
    FakeServer server(directory_.file("s"));
    server.next_stream(encode_put(*host("a", "z")) + encode_put(*host("x")) + bookmark(2));
    Follower follower(with_file);
    follower.start();
    ASSERT_TRUE(wait_for_revision(follower, 2));
  }
  with_file.reduction = without_zones();
  {
    FakeServer server(directory_.file("s"));
    server.next_stream(encode_put(*host("a", "z")) + encode_put(*host("b", "z")) + bookmark(2));
    Follower other(with_file);
    const auto known = other.cluster();
    ASSERT_TRUE(known);
    EXPECT_EQ(known->size(), 1U);
    EXPECT_TRUE(known->find<Host>("a")->zone.empty());
    other.start();
    ASSERT_TRUE(wait_for(other, [](const Cluster& c) { return c.size() == 2; }));
    EXPECT_EQ(server.queries().at(0).find("since"), std::string::npos);
  }

  Follower again(with_file);
  FakeServer server(directory_.file("s"));
  server.next_stream(bookmark(2));
  again.start();

  ASSERT_TRUE(wait_for(again, [](const Cluster& c) { return c.stale_since() == 0; }));
  EXPECT_NE(server.queries().at(0).find("&since=2&store=s1"), std::string::npos);
  EXPECT_EQ(again.cluster()->size(), 2U);
}

TEST_F(FollowerTest, IgnoresASnapshotThatIsTornOrChanged) {
  auto with_file = options();
  with_file.snapshot_file = directory_.file("snapshot");
  {
    FakeServer server(directory_.file("s"));
    server.next_stream(encode_put(*host("a")) + encode_put(*host("b")) + bookmark(2));
    Follower follower(with_file);
    follower.start();
    ASSERT_TRUE(wait_for_revision(follower, 2));
  }
  std::ifstream in(with_file.snapshot_file);
  const std::string whole(std::istreambuf_iterator<char>(in), {});
  ASSERT_FALSE(whole.empty());

  for (std::size_t size = 0; size < whole.size() - 1; size += 7) {
    std::ofstream(with_file.snapshot_file, std::ios::trunc) << whole.substr(0, size);
    ignored_.clear();
    EXPECT_EQ(Follower(with_file).cluster(), nullptr) << size;
    EXPECT_FALSE(ignored_.empty()) << size;
  }
  std::string changed = whole;
  changed.replace(changed.find("uid-a"), 5, "uid-x");
  std::ofstream(with_file.snapshot_file, std::ios::trunc) << changed;
  EXPECT_EQ(Follower(with_file).cluster(), nullptr);
}

TEST_F(FollowerTest, GoesOnWhenTheSnapshotCannotBeWritten) {
  FakeServer server(directory_.file("s"));
  server.next_stream(bookmark(2));
  auto with_file = options();
  with_file.snapshot_file = directory_.file("missing/snapshot");
  with_file.save_after = milliseconds(0);
  Follower follower(std::move(with_file));
  follower.start();

  ASSERT_TRUE(wait_for_revision(follower, 2));
  server.send(bookmark(3));

  EXPECT_TRUE(wait_for_revision(follower, 3));
  follower.stop();
  EXPECT_GE(failed_saves_, 1);
}

TEST_F(FollowerTest, StopWakesWhoWaits) {
  Follower follower(options());
  follower.start();
  auto waiting = std::async(std::launch::async, [&] { return follower.next(nullptr); });

  follower.stop();

  EXPECT_EQ(waiting.get(), nullptr);
}

}  // namespace
}  // namespace paddock::metadata
