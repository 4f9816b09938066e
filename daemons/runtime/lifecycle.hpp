// SPDX-License-Identifier: Apache-2.0
//
// The life of a daemon as its control thread sees it: signals as return values, readiness told to
// the service manager, a beat that proves the loop still turns.
//
// Construct it before any other thread: it blocks SIGTERM, SIGINT and SIGHUP for all later threads
// and ignores SIGPIPE. Only nudge(), stop() and beat_age() may be called from other threads.
#pragma once

#include <atomic>
#include <chrono>
#include <string_view>

namespace paddock::runtime {

// Why wait() returned.
enum class Wake { stop, reload, nudge, tick };

class Lifecycle {
 public:
  Lifecycle();
  ~Lifecycle();
  Lifecycle(const Lifecycle&) = delete;
  Lifecycle& operator=(const Lifecycle&) = delete;

  // Serving has begun. Tells the service manager once; `status` is the line `systemctl status`
  // shows.
  void ready(std::string_view status);
  // Sleeps until a signal, a nudge or the end of `at_most`. Feeds the service manager's watchdog.
  // After a reload call ready() again; after stop it returns stop for ever.
  [[nodiscard]] Wake wait(std::chrono::milliseconds at_most);

  // Makes wait() return Wake::nudge; several nudges before one wait() are one.
  void nudge() noexcept;
  // As if SIGTERM had come.
  void stop() noexcept;
  // Time since wait() was last entered or left: how long the control loop has been busy or stuck.
  // Zero while it waits.
  [[nodiscard]] std::chrono::milliseconds beat_age() const noexcept;

 private:
  int signals_ = -1;
  int nudges_ = -1;
  bool stopped_ = false;
  std::atomic<bool> stop_asked_{false};
  std::atomic<std::chrono::steady_clock::rep> busy_since_{0};  // 0: waiting
  std::chrono::milliseconds watchdog_{0};  // half the interval asked for; 0: none
};

}  // namespace paddock::runtime
