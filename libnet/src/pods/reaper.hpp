// SPDX-License-Identifier: Apache-2.0
//
// Removes the links of detached pods on a thread of its own, since the kernel takes milliseconds
// for each removal and hardly more for many at once.
#pragma once

#include "failure.hpp"

#include <paddock/net/attachment.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace paddock::net {

class Reaper {
 public:
  // `failed` is told why links could not be removed; they are tried again with the next ones.
  Reaper(Attachments& attachments, std::function<void(const std::string&)> failed)
      : attachments_(attachments), failed_(std::move(failed)), thread_([this] { run(); }) {}
  // Removes what waits, then ends.
  ~Reaper() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  void wake() {
    const std::lock_guard lock(mutex_);
    waiting_ = true;
    changed_.notify_all();
  }

 private:
  // As long as one DEL follows the other they gather, so that a burst becomes few removals: each
  // keeps the kernel's lock, for which the DELs wait, for ten milliseconds and more.
  static constexpr std::chrono::milliseconds gather{20};
  static constexpr std::chrono::milliseconds longest{500};

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return waiting_ || stopping_; });
      if (!waiting_) return;
      const auto latest = std::chrono::steady_clock::now() + longest;
      while (std::exchange(waiting_, false) && !stopping_ &&
             std::chrono::steady_clock::now() < latest)
        changed_.wait_for(lock, gather, [this] { return waiting_ || stopping_; });
      lock.unlock();
      const auto reaped = contained([this] { return attachments_.reap(); });
      if (!reaped && failed_) failed_(reaped.error().text);
      lock.lock();
    }
  }

  Attachments& attachments_;
  std::function<void(const std::string&)> failed_;
  std::mutex mutex_;  // between those who detach and the thread
  std::condition_variable changed_;
  bool waiting_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace paddock::net
