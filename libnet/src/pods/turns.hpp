// SPDX-License-Identifier: Apache-2.0
//
// Lets requests for one attachment come one after the other, while others pass.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace paddock::net {

class Turns {
 public:
  // Holds a key until destroyed. False when it did not come to hold it.
  class Turn {
   public:
    Turn() = default;
    Turn(Turns* turns, std::string key) : turns_(turns), key_(std::move(key)) {}
    Turn(Turn&& other) noexcept
        : turns_(std::exchange(other.turns_, nullptr)), key_(std::move(other.key_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_) turns_->end(key_);
    }
    explicit operator bool() const { return turns_ != nullptr; }

   private:
    Turns* turns_ = nullptr;
    std::string key_;
  };

  // Waits until nobody holds the key, at most that long; zero: does not wait.
  [[nodiscard]] Turn take(const std::string& key, std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    const bool free = ended_.wait_for(lock, at_most, [&] { return !held_.contains(key); });
    if (!free) return {};
    held_.insert(key);
    return {this, key};
  }

 private:
  void end(const std::string& key) {
    const std::lock_guard lock(mutex_);
    held_.erase(key);
    ended_.notify_all();
  }

  std::mutex mutex_;  // held for the set only, never while somebody has a turn
  std::condition_variable ended_;
  std::set<std::string> held_;
};

}  // namespace paddock::net
