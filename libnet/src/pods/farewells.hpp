// SPDX-License-Identifier: Apache-2.0
//
// The second part of detaching pods, on a thread of its own: the kernel looks through all of its
// connections for those of an address, and hardly longer for those of many. While it does, others
// gather.
#pragma once

#include "pods/records.hpp"
#include "pods/turns.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace paddock::net {

class Farewells {
 public:
  struct Leaving {
    Records::LeasePointer lease;
    std::shared_ptr<Turns::Turn> held;  // until it has gone
  };
  using End = std::function<void(const std::vector<Leaving>&)>;

  // `end` is called with all that came since it was called before. It must not throw.
  explicit Farewells(End end) : end_(std::move(end)), thread_([this] { run(); }) {}
  // Ends what waits first.
  ~Farewells() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }
  Farewells(const Farewells&) = delete;
  Farewells& operator=(const Farewells&) = delete;

  void add(Leaving leaving) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(leaving));
    changed_.notify_all();
  }

  // Until all who were added have gone.
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.empty() && !ending_; });
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return !waiting_.empty() || stopping_; });
      if (waiting_.empty()) return;
      {
        const auto leaving = std::exchange(waiting_, {});
        ending_ = true;
        lock.unlock();
        end_(leaving);
      }
      lock.lock();
      ending_ = false;
      changed_.notify_all();
    }
  }

  End end_;
  std::mutex mutex_;  // between those who detach and the thread
  std::condition_variable changed_;
  std::vector<Leaving> waiting_;
  bool ending_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace paddock::net
