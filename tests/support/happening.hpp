// SPDX-License-Identifier: Apache-2.0
//
// Things happen on other threads and in other processes; a test waits for what comes of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace paddock::test {

// Whether it does within a minute: for what nobody notes.
template <class Claim>
bool becomes_true(const Claim& claim) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!claim()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class Happening {
 public:
  void note() { signal_.notify_all(); }

  // Looks again whenever something was noted, and now and then. False after a minute.
  bool makes_true(const std::function<bool()>& claim) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!claim()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::unique_lock lock(mutex_);
      signal_.wait_for(lock, std::chrono::milliseconds(50));
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable signal_;
};

}  // namespace paddock::test
