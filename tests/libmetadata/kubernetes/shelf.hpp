// SPDX-License-Identifier: Apache-2.0
//
// A watcher that follows a server of the test's, and the shelf that it puts objects on.
#pragma once

#include "kubernetes/watcher.hpp"
#include "libmetadata/kubernetes/recording.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace paddock::metadata::testing {

using namespace kubernetes;

// Tries again at once; a server may take its time.
inline const WatchTimes hasty{.silence = std::chrono::minutes(1),
                              .head = std::chrono::minutes(1),
                              .shortest_retry = std::chrono::milliseconds(1),
                              .longest_retry = std::chrono::milliseconds(10)};

// Objects by "namespace/name", as a list ends with them; who waits can wait for any state.
class Shelf final : public Inbox {
 public:
  using Objects = std::map<std::string, Json>;

  void begin_list() override { seen_.emplace(); }
  void end_list() override {
    change([this] {
      std::erase_if(objects_, [this](const auto& one) { return !seen_->contains(one.first); });
      seen_.reset();
      ++lists_;
    });
  }
  void put(const Json& object) override {
    change([&] {
      objects_[name_of(object)] = object;
      if (seen_) seen_->insert(name_of(object));
    });
  }
  void erase(const Json& object) override {
    change([&] { objects_.erase(name_of(object)); });
  }
  void connected() override {
    change([this] { is_connected_ = true; });
  }
  void lost(const Error& why) override {
    change([&] {
      is_connected_ = false;
      losses_.push_back(why.text);
    });
  }

  static std::string name_of(const Json& object) {
    return std::string(text_at(at(object, "metadata"), "namespace")) + "/" +
           std::string(text_at(at(object, "metadata"), "name"));
  }

  // Whether it came to be so within the test's patience.
  template <class Condition>
  [[nodiscard]] bool wait(Condition is_so) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    std::unique_lock lock(mutex_);
    while (!is_so(*this)) {  // which may be about the server, too
      if (std::chrono::steady_clock::now() > deadline) return false;
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
    return true;
  }

  Objects objects_;
  unsigned lists_ = 0;
  bool is_connected_ = false;
  std::vector<std::string> losses_;

 private:
  template <class Change>
  void change(Change make) {
    const std::scoped_lock lock(mutex_);
    make();
    changed_.notify_all();
  }

  std::optional<std::set<std::string>> seen_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

inline bool is_streaming_list(const std::string& target) {
  return target.find("sendInitialEvents") != std::string::npos;
}
inline bool is_watch(const std::string& target) {
  return target.find("watch=1") != std::string::npos;
}

// Objects without what the server adds to the items of a watch, and not of a list.
inline Shelf::Objects final_objects(const std::string& recording) {
  Shelf::Objects objects;
  const auto list = Json::parse(Recording(recording).body());
  for (const auto& item : list.at("items")) {
    objects[Shelf::name_of(item)] = item;
  }
  return objects;
}
inline Shelf::Objects without_kind(Shelf::Objects objects) {
  for (auto& [name, object] : objects) {
    object.erase("kind");
    object.erase("apiVersion");
  }
  return objects;
}

class WatcherTest : public ::testing::Test {
 protected:
  // Follows the resource of the server until the test ends.
  void follow(const test::ApiServer& server, const std::string& path = "/api/v1/services",
              const WatchTimes& times = hasty) {
    watcher_ = std::make_unique<Watcher>(ClientOptions{.server = server.url(), .access = {}},
                                         Resource{.path = path}, times, shelf_);
    thread_ = std::jthread([this](const std::stop_token& stop) { watcher_->run(stop); });
  }
  // What came of it: nothing more is put there.
  const Shelf& in_the_end() {
    thread_.request_stop();
    if (watcher_) watcher_->interrupt();
    if (thread_.joinable()) thread_.join();
    return shelf_;
  }
  void TearDown() override { (void)in_the_end(); }

  Shelf shelf_;
  std::unique_ptr<Watcher> watcher_;
  std::jthread thread_;
};

}  // namespace paddock::metadata::testing
