// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/watcher.hpp"

#include "libmetadata/kubernetes/recording.hpp"
#include "libmetadata/kubernetes/shelf.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace paddock::metadata::kubernetes {
namespace {

using testing::answer_with;
using testing::final_objects;
using testing::hasty;
using testing::is_streaming_list;
using testing::is_watch;
using testing::Recording;
using testing::Shelf;
using testing::silent_watch;
using testing::WatcherTest;
using testing::without_kind;

struct Followed {
  const char* name;
  const char* path;
};

std::string head_of(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
}

class WatcherReplay : public WatcherTest, public ::testing::WithParamInterface<Followed> {};

TEST_P(WatcherReplay, AListAndItsWatchLeadToTheFinalList) {
  const std::string name = GetParam().name;
  std::atomic<int> watches = 0;
  const test::ApiServer server([&](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(Recording("watchlist-off/watchlist").wire());
    if (!is_watch(target)) return answer_with(Recording("list/" + name).wire());
    return ++watches == 1 ? answer_with(Recording("watch/" + name).wire()) : silent_watch();
  });

  follow(server, GetParam().path);

  const auto expected = final_objects("list-final/" + name);
  EXPECT_TRUE(shelf_.wait(
      [&](Shelf& shelf) { return watches == 2 && without_kind(shelf.objects_) == expected; }));
  EXPECT_TRUE(in_the_end().losses_.empty());
}

TEST_P(WatcherReplay, AStreamingListLeadsToTheFinalList) {
  const std::string name = GetParam().name;
  const test::ApiServer server([&](const std::string& target) {
    return is_streaming_list(target) ? answer_with(Recording("watchlist/" + name).wire())
                                     : silent_watch();
  });

  follow(server, GetParam().path);

  const auto expected = final_objects("list-final/" + name);
  EXPECT_TRUE(shelf_.wait(
      [&](Shelf& shelf) { return shelf.lists_ == 1 && without_kind(shelf.objects_) == expected; }));
  EXPECT_TRUE(in_the_end().losses_.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Recorded, WatcherReplay,
    ::testing::Values(Followed{"namespaces", "/api/v1/namespaces"},
                      Followed{"nodes", "/api/v1/nodes"}, Followed{"services", "/api/v1/services"},
                      Followed{"pods", "/api/v1/pods"},
                      Followed{"endpointslices", "/apis/discovery.k8s.io/v1/endpointslices"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(WatcherTest, ReadsAListPageByPage) {
  const test::ApiServer server([](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(Recording("watchlist-off/watchlist").wire());
    if (is_watch(target)) return silent_watch();
    const auto first = Recording("list-paged/endpointslices-page1");
    const auto second = Recording("list-paged/endpointslices-page2");
    const auto next = [](const Recording& page) {
      return Json::parse(page.body()).at("metadata").at("continue").get<std::string>();
    };
    if (target.ends_with("&continue=" + next(second))) {
      return answer_with(Recording("list-paged/endpointslices-page3").wire());
    }
    return answer_with(target.ends_with("&continue=" + next(first)) ? second.wire() : first.wire());
  });

  follow(server);

  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ == 1; }));
  EXPECT_EQ(in_the_end().objects_, final_objects("list/endpointslices"));
}

// Whatever the stream is cut in, the next watch goes on behind the last whole event.
TEST_F(WatcherTest, GoesOnAfterACutAnywhere) {
  const auto recorded = Recording("watch/services").wire();
  const auto body_begin = recorded.find("\r\n\r\n") + 4;
  const auto first_chunk = recorded.find("\r\n", body_begin) + 2;
  const auto first_end = recorded.find("}\n\r\n", first_chunk);
  const std::vector<std::size_t> cuts{body_begin,        // nothing but the head
                                      body_begin + 1,    // inside a chunk's size
                                      first_chunk,       // before an event
                                      first_chunk + 50,  // inside one
                                      first_end + 2,  // between an event and the end of its chunk
                                      first_end + 4,  // between chunks
                                      recorded.size() - 3};
  std::atomic<std::size_t> watches = 0;
  const test::ApiServer server([&](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(Recording("watchlist-off/watchlist").wire());
    if (!is_watch(target)) return answer_with(Recording("list/services").wire());
    const std::size_t number = watches++;
    if (number < cuts.size()) return answer_with(recorded.substr(0, cuts[number]));
    return number == cuts.size() ? answer_with(recorded) : silent_watch();
  });

  follow(server);

  const auto expected = final_objects("list-final/services");
  EXPECT_TRUE(shelf_.wait([&](Shelf& shelf) {
    return watches > cuts.size() + 1 && without_kind(shelf.objects_) == expected;
  }));
  EXPECT_EQ(in_the_end().lists_, 1U);
  EXPECT_TRUE(in_the_end().losses_.empty());
}

// Does not wait long for a stream to go on.
WatchTimes impatient() {
  WatchTimes times = hasty;
  times.silence = std::chrono::milliseconds(300);
  return times;
}

TEST_F(WatcherTest, WatchesAnewWhereAStreamFellSilent) {
  const auto recorded = Recording("watch/services").wire();
  const auto body = recorded.find("\r\n\r\n") + 4;
  const auto whole = recorded.find("}\n\r\n", body) + 4;  // the head and the first event
  std::mutex mutex;
  std::vector<std::string> watches;
  const test::ApiServer server([&](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(Recording("watchlist-off/watchlist").wire());
    if (!is_watch(target)) return answer_with(Recording("list/services").wire());
    const std::scoped_lock lock(mutex);
    watches.push_back(target.substr(target.find("resourceVersion=")));
    if (watches.size() > 1) return answer_with(recorded);
    return test::ApiAnswer{.pieces = {recorded.substr(0, whole)},
                           .then = test::ApiAnswer::Then::hold};
  });

  follow(server, "/api/v1/services", impatient());

  const auto expected = final_objects("list-final/services");
  EXPECT_TRUE(shelf_.wait([&](Shelf& shelf) {
    const std::scoped_lock lock(mutex);
    return watches.size() > 1 && without_kind(shelf.objects_) == expected;
  }));
  EXPECT_TRUE(in_the_end().losses_.empty());
  const std::scoped_lock lock(mutex);
  EXPECT_NE(watches[0], watches[1]) << "goes on behind the event that it was told of";
}

TEST_F(WatcherTest, ReadsAllAgainWhenAWatchNeverTellsAnything) {
  const test::ApiServer server([](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(Recording("watchlist-off/watchlist").wire());
    return is_watch(target) ? silent_watch() : answer_with(Recording("list/services").wire());
  });

  follow(server, "/api/v1/services", impatient());

  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ >= 2; }));
  EXPECT_FALSE(in_the_end().objects_.empty());
}

TEST_F(WatcherTest, ReadsAllAgainWhenItsVersionIsTooOld) {
  std::atomic<int> watches = 0;
  std::atomic<int> lists = 0;
  const test::ApiServer server([&](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(Recording("watchlist-off/watchlist").wire());
    if (!is_watch(target)) {
      return answer_with(Recording(++lists == 1 ? "list/services" : "list-final/services").wire());
    }
    return ++watches == 1 ? answer_with(Recording("expired/watch-services").wire())
                          : silent_watch();
  });

  follow(server);

  const auto expected = final_objects("list-final/services");
  EXPECT_TRUE(shelf_.wait([&](Shelf& shelf) { return shelf.lists_ == 2; }));
  EXPECT_EQ(in_the_end().objects_, expected);
  EXPECT_TRUE(in_the_end().losses_.empty());
}

TEST_F(WatcherTest, ReadsAllAgainWhenAWatchEndsInAnErrorOfAnyKind) {
  const std::string event =
      R"({"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd: broken"}})"
      "\n";
  std::atomic<int> watches = 0;
  const test::ApiServer server([&](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(Recording("watchlist-off/watchlist").wire());
    if (!is_watch(target)) return answer_with(Recording("list/services").wire());
    return ++watches == 1 ? answer_with(head_of(event) + event) : silent_watch();
  });

  follow(server);

  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ == 2 && shelf.is_connected_; }));
  EXPECT_EQ(in_the_end().losses_, (std::vector<std::string>{"/api/v1/services: 500 etcd: broken"}));
}

// It might be one that is known: then it would be taken for gone.
TEST_F(WatcherTest, DoesNotBelieveAListWithAnItemThatIsNoJson) {
  const std::string broken = R"({"metadata":{"resourceVersion":"7"},"items":[{"metadata":nil}]})";
  std::atomic<int> lists = 0;
  const test::ApiServer server([&](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(Recording("watchlist-off/watchlist").wire());
    if (is_watch(target)) return silent_watch();
    return answer_with(++lists == 1 ? head_of(broken) + broken : Recording("list/services").wire());
  });

  follow(server);

  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ == 1; }));
  EXPECT_EQ(in_the_end().losses_,
            (std::vector<std::string>{"/api/v1/services: an item of the list is no JSON"}));
}

// Each is answered once; then all is well. None may end the following or empty the shelf.
class WatcherRefusal : public WatcherTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(WatcherRefusal, IsTriedAgain) {
  std::atomic<int> tries = 0;
  const test::ApiServer server([&](const std::string& target) {
    if (++tries <= 2) return answer_with(Recording(GetParam()).wire());
    if (is_streaming_list(target)) return answer_with(Recording("watchlist/services").wire());
    return is_watch(target) ? silent_watch() : answer_with(Recording("list-final/services").wire());
  });

  follow(server);

  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) {
    return shelf.is_connected_ &&
           shelf.objects_.size() == final_objects("list-final/services").size();
  }));
  EXPECT_GE(in_the_end().losses_.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Recorded, WatcherRefusal,
                         ::testing::Values("errors/401-bad-token", "errors/403-forbidden",
                                           "errors/429-list", "errors/500-bad-rv-watch",
                                           "outage/startup-list-403"),
                         [](const auto& row) { return "number" + std::to_string(row.index); });

TEST_F(WatcherTest, TellsALossOnceAndWhatItKnowsStays) {
  std::atomic<bool> is_away = false;
  std::atomic<int> tries = 0;
  const test::ApiServer server([&](const std::string& target) {
    if (!is_away && is_streaming_list(target)) {
      return answer_with(Recording("watchlist/services").wire());
    }
    while (!is_away) std::this_thread::yield();
    ++tries;
    return test::ApiAnswer{};  // closes without a word
  });
  follow(server);
  const auto expected = final_objects("list-final/services");
  const bool knew_all =
      shelf_.wait([&](Shelf& shelf) { return without_kind(shelf.objects_) == expected; });

  is_away = true;

  EXPECT_TRUE(knew_all);
  EXPECT_TRUE(shelf_.wait([&](Shelf&) { return tries > 5; }));
  EXPECT_EQ(in_the_end().losses_.size(), 1U);
  EXPECT_EQ(without_kind(shelf_.objects_), expected);
}

TEST_F(WatcherTest, TakesAMissingResourceForAnEmptyOneWhereItMay) {
  const test::ApiServer server([](const std::string&) {
    return answer_with(
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"
        "Content-Length: 19\r\n\r\n404 page not found\n");
  });
  watcher_ = std::make_unique<Watcher>(
      ClientOptions{.server = server.url(), .access = {}},
      Resource{.path = "/apis/multicluster.x-k8s.io/v1alpha1/serviceimports",
               .may_be_missing = true},
      hasty, shelf_);
  thread_ = std::jthread([this](const std::stop_token& stop) { watcher_->run(stop); });

  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.is_connected_ && shelf.lists_ > 0; }));
  EXPECT_TRUE(in_the_end().losses_.empty());
}

// A CRD may serve one version or the other, and another one after an update of it.
TEST_F(WatcherTest, AsksForAnOlderVersionOfWhatTheServerDoesNotHaveInTheNewest) {
  std::atomic<bool> has_older = true;
  const std::string list =
      R"({"type":"ADDED","object":{"metadata":{"name":"web","namespace":"shop"}}})"
      "\n"
      R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5","annotations":)"
      R"({"k8s.io/initial-events-end":"true"}}}})"
      "\n";
  const test::ApiServer server([&](const std::string& target) {
    const bool is_there = target.starts_with(has_older ? "/v1alpha1/" : "/v1beta1/");
    if (!is_there) return answer_with("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    return answer_with("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(list.size()) +
                       "\r\n\r\n" + list);
  });
  watcher_ = std::make_unique<Watcher>(ClientOptions{.server = server.url(), .access = {}},
                                       Resource{.path = "/v1beta1/serviceimports",
                                                .may_be_missing = true,
                                                .older = "/v1alpha1/serviceimports"},
                                       hasty, shelf_);
  thread_ = std::jthread([this](const std::stop_token& stop) { watcher_->run(stop); });
  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.objects_.size() == 1; }));

  has_older = false;
  EXPECT_TRUE(
      shelf_.wait([](Shelf& shelf) { return shelf.lists_ == 2 && shelf.objects_.size() == 1; }));

  EXPECT_TRUE(in_the_end().losses_.empty());
}

}  // namespace
}  // namespace paddock::metadata::kubernetes
