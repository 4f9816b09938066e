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

template <class Condition>
std::vector<std::string> recordings_that(Condition is_so) {
  auto names = all_recordings();
  std::erase_if(names, [&](const std::string& name) { return !is_so(Recording(name)); });
  return names;
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

class RecordedWatch : public WatcherTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(RecordedWatch, IsFollowedToItsLastEvent) {
  const Recording recording(GetParam());
  const auto expected = outcome_of(recording);
  std::atomic<int> lists = 0;
  std::atomic<int> watches = 0;
  const test::ApiServer server([&](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(no_streaming());
    if (!is_watch(target)) return answer_with(empty_list(++lists == 1 ? "1" : "9999"));
    return ++watches == 1 ? answer_with(recording.wire()) : silent_watch();
  });

  follow(server);

  ASSERT_TRUE(shelf_.wait([&](Shelf&) { return watches == 2; }));
  const auto asked = server.asked();
  const auto last = asked.back();
  if (expected.version.empty()) {
    EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ == 2; }));
    EXPECT_NE(last.find("resourceVersion=9999"), std::string::npos) << last;
  } else {
    EXPECT_TRUE(shelf_.wait([&](Shelf& shelf) { return shelf.objects_ == expected.objects; }));
    EXPECT_NE(last.find("resourceVersion=" + expected.version), std::string::npos) << last;
  }
  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.losses_.empty(); }));
}

INSTANTIATE_TEST_SUITE_P(All, RecordedWatch, ::testing::ValuesIn(recordings_that(has_events)),
                         name_of_row);

class RecordedList : public WatcherTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(RecordedList, IsWhatThereIs) {
  const Recording recording(GetParam());
  const auto list = Json::parse(recording.body());
  const std::string version = list.at("metadata").at("resourceVersion");
  const test::ApiServer server([&](const std::string& target) {
    if (is_streaming_list(target)) return answer_with(no_streaming());
    if (is_watch(target)) return silent_watch();
    return answer_with(target.find("continue=") == std::string::npos ? recording.wire()
                                                                     : empty_list(version));
  });

  follow(server);

  Shelf::Objects expected;
  for (const auto& item : list.at("items")) expected[Shelf::name_of(item)] = item;
  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ == 1; }));
  EXPECT_EQ(shelf_.objects_, expected);
  EXPECT_TRUE(shelf_.wait([&](Shelf&) { return is_watch(server.asked().back()); }));
  EXPECT_NE(server.asked().back().find("resourceVersion=" + version), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, RecordedList, ::testing::ValuesIn(recordings_that(has_items)),
                         name_of_row);

// Refusals, silence, single objects, tables, protobuf, compressed answers.
class RecordedElse : public WatcherTest, public ::testing::WithParamInterface<std::string> {
 protected:
  // Once all was known, `answer` is what the next list, or the next watch, gets; then all is well.
  void follow_with(bool in_place_of_list) {
    const Recording recording(GetParam());
    server_ = std::make_unique<test::ApiServer>([=, this](const std::string& target) {
      if (is_streaming_list(target)) return answer_with(no_streaming());
      if (!is_watch(target)) {
        const int number = ++lists_;
        if (in_place_of_list && number == 2) return answer_with(recording.wire());
        return answer_with(Recording(number == 1 ? "list/services" : "list-final/services").wire());
      }
      const int number = ++watches_;
      if (number == 1 && !in_place_of_list) return answer_with(recording.wire());
      if (number == (in_place_of_list ? 1 : 2)) {
        return answer_with(Recording("expired/watch-services").wire());
      }
      return silent_watch();
    });
    follow(*server_);
  }
  std::atomic<int> lists_ = 0;
  std::atomic<int> watches_ = 0;
  std::unique_ptr<test::ApiServer> server_;
};

TEST_P(RecordedElse, IsNotTakenForAList) {
  const auto expected = final_objects("list-final/services");

  follow_with(true);

  EXPECT_TRUE(shelf_.wait([&](Shelf& shelf) { return shelf.objects_ == expected; }));
  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ == 2; }));
}

TEST_P(RecordedElse, IsNotTakenForAWatch) {
  const auto expected = final_objects("list-final/services");

  follow_with(false);

  EXPECT_TRUE(shelf_.wait([&](Shelf& shelf) { return shelf.objects_ == expected; }));
  EXPECT_TRUE(shelf_.wait([](Shelf& shelf) { return shelf.lists_ >= 2; }));
}

INSTANTIATE_TEST_SUITE_P(All, RecordedElse,
                         ::testing::ValuesIn(recordings_that([](const Recording& recording) {
                           return !has_events(recording) && !has_items(recording);
                         })),
                         name_of_row);

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
  EXPECT_EQ(shelf_.objects_, final_objects("list-final/services"));
  EXPECT_EQ(tries, 2);
}

}  // namespace
}  // namespace paddock::metadata::kubernetes
