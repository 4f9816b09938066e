// SPDX-License-Identifier: Apache-2.0
//
// Tally: a counter that one thread adds to and any thread may read. Adding is a
// plain load and store; no locked instruction, no ordering.
#pragma once

#include <atomic>
#include <cstdint>

namespace paddock::dns::upstream {

class Tally {
 public:
  void operator+=(std::uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void operator-=(std::uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// What forwarding counts. See Counters for the meaning.
struct ForwardTallies {
  Tally hits;
  Tally misses;
  Tally stale;
  Tally sent;
  Tally hedged;
  Tally prefetched;
  Tally failures;
  Tally exhausted;
};

}  // namespace paddock::dns::upstream
