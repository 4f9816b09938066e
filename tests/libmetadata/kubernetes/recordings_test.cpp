// SPDX-License-Identifier: Apache-2.0
//
// Every recording there is, given to a watcher in each place where a server could say it: a list is
// believed, a watch is followed to its last event, and nothing else is taken for either.
#include "libmetadata/kubernetes/recording.hpp"
#include "libmetadata/kubernetes/shelf.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>

namespace paddock::metadata::kubernetes {
namespace {

using testing::answer_with;
using testing::final_objects;
using testing::is_streaming_list;
using testing::is_watch;
using testing::Recording;
using testing::Shelf;
using testing::silent_watch;
using testing::WatcherTest;

// "errors/401-bad-token".
std::vector<std::string> all_recordings() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(KUBERNETES_FIXTURES)) {
    if (entry.path().extension() != ".json") continue;
    names.push_back((entry.path().parent_path().filename() / entry.path().stem()).generic_string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_plain_json(const Recording& recording) {
  return recording.status() == 200 && recording.header("Content-Encoding").empty() &&
         recording.header("Content-Type") == "application/json";
}
bool has_events(const Recording& recording) {
  const auto target = recording.target();
  return is_plain_json(recording) &&
         (is_watch(target) || target.find("/watch/") != std::string::npos);
}
bool has_items(const Recording& recording) {
  return is_plain_json(recording) && !has_events(recording) && recording.body().front() == '{' &&
         Json::parse(recording.body()).contains("items");
}

std::string name_of_row(const ::testing::TestParamInfo<std::string>& row) {
  std::string name = row.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
}

std::string http(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string empty_list(const std::string& version) {
  return http(R"({"metadata":{"resourceVersion":")" + version + R"("},"items":[]})");
}
std::string no_streaming() { return Recording("watchlist-off/watchlist").wire(); }

// What a watch comes to, by the plain meaning of its events.
struct Outcome {
  Shelf::Objects objects;
  std::string version = "1";  // to go on from; empty: all has to be read again
};
Outcome outcome_of(const Recording& watch) {
  Outcome outcome;
  std::istringstream lines(watch.body());
  for (std::string line; std::getline(lines, line);) {
    const auto event = Json::parse(line);
    const auto& object = event.at("object");
    const std::string type = event.at("type");
    if (type == "ERROR") {
      outcome.version.clear();
      break;
    }
    if (type == "DELETED") outcome.objects.erase(Shelf::name_of(object));
    if (type == "ADDED" || type == "MODIFIED") outcome.objects[Shelf::name_of(object)] = object;
    outcome.version = object.at("metadata").at("resourceVersion");
  }
  return outcome;
}

// Read anew in each test: there are many, and most tests need one.
class Recorded : public WatcherTest, public ::testing::WithParamInterface<std::string> {
 protected:
  void expect_items();
  void expect_events();
  // Once all was known, the recording is what the next list, or the next watch, gets; then all is
  // well.
  enum class Place { list, watch };
  void expect_unbelieved(Place place);

  const Recording recording_{GetParam()};
  std::atomic<int> lists_ = 0;
  std::atomic<int> watches_ = 0;
  std::unique_ptr<test::ApiServer> server_;
};

void Recorded::expect_items() {
  const auto list = Json::parse(recording_.body());
  const std::string version = list.at("metadata").at("resourceVersion");
  server_ = std::make_unique<test::ApiServer>([=, this](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(no_streaming());
    if (is_watch(target)) return silent_watch();
    return answer_with(target.find("continue=") == std::string::npos ? recording_.wire()
                                                                     : empty_list(version));
  });

  follow(*server_);

  Shelf::Objects expected;
  for (const auto& item : list.at("items")) expected[Shelf::name_of(item)] = item;
  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ == 1; }));
  EXPECT_TRUE(shelf_.wait([&](Shelf&) { return is_watch(server_->asked().back()); }));
  EXPECT_EQ(in_the_end().objects_, expected);
  EXPECT_NE(server_->asked().back().find("resourceVersion=" + version), std::string::npos);
}

void Recorded::expect_events() {
  const auto expected = outcome_of(recording_);
  server_ = std::make_unique<test::ApiServer>([this](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(no_streaming());
    if (!is_watch(target)) return answer_with(empty_list(++lists_ == 1 ? "1" : "9999"));
    return ++watches_ == 1 ? answer_with(recording_.wire()) : silent_watch();
  });

  follow(*server_);

  ASSERT_TRUE(shelf_.wait([&](Shelf&) { return watches_ == 2; }));
  const auto last = server_->asked().back();
  if (expected.version.empty()) {
    EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ == 2; }));
    EXPECT_NE(last.find("resourceVersion=9999"), std::string::npos) << last;
  } else {
    EXPECT_TRUE(shelf_.wait([&](Shelf& shelf) { return shelf.objects_ == expected.objects; }));
    EXPECT_NE(last.find("resourceVersion=" + expected.version), std::string::npos) << last;
  }
  EXPECT_TRUE(in_the_end().losses_.empty());
}

void Recorded::expect_unbelieved(Place place) {
  const bool is_for_list = place == Place::list;
  server_ = std::make_unique<test::ApiServer>([=, this](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(no_streaming());
    if (!is_watch(target)) {
      const int number = ++lists_;
      if (is_for_list && number == 2) return answer_with(recording_.wire());
      return answer_with(Recording(number == 1 ? "list/services" : "list-final/services").wire());
    }
    const int number = ++watches_;
    if (number == 1 && !is_for_list) return answer_with(recording_.wire());
    return number == (is_for_list ? 1 : 2) ? answer_with(Recording("expired/watch-services").wire())
                                           : silent_watch();
  });

  follow(*server_);

  const auto expected = final_objects("list-final/services");
  EXPECT_TRUE(shelf_.wait([&](Shelf& shelf) { return shelf.objects_ == expected; }));
  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ >= 2; }));
  if (is_for_list) {
    EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ == 2; }));
  }
}

TEST_P(Recorded, InPlaceOfAListIsBelievedIfItIsOne) {
  if (has_items(recording_)) {
    expect_items();
  } else {
    expect_unbelieved(Place::list);
  }
}

TEST_P(Recorded, InPlaceOfAWatchIsFollowedIfItIsOne) {
  if (has_events(recording_)) {
    expect_events();
  } else {
    expect_unbelieved(Place::watch);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Recorded, ::testing::ValuesIn(all_recordings()), name_of_row);

// A cluster that changes faster than its pages are read would be read for ever.
class WatcherPages : public WatcherTest {};

TEST_F(WatcherPages, ThatExpireAreReadInOnePiece) {
  std::atomic<int> tries = 0;
  const test::ApiServer server([&](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(no_streaming());
    if (is_watch(target)) return silent_watch();
    if (target.find("limit=0") != std::string::npos) {
      return answer_with(Recording("list-final/services").wire());
    }
    ++tries;
    return answer_with(Recording(target.find("continue=") == std::string::npos
                                     ? "expired/list-page1"
                                     : "expired/410-continue")
                           .wire());
  });

  follow(server);

  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ == 1; }));
  EXPECT_EQ(in_the_end().objects_, final_objects("list-final/services"));
  EXPECT_EQ(tries, 2);
}

}  // namespace
}  // namespace paddock::metadata::kubernetes
