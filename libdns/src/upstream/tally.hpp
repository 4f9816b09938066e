// SPDX-License-Identifier: Apache-2.0
//
// Tally: a counter that one thread adds to and any thread may read. Adding is a
// plain load and store; no locked instruction, no ordering.
#pragma once

#include <paddock/dns/server.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
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

// How long things took, in the buckets of Latency.
struct LatencyTallies {
  std::array<Tally, Latency::bounds.size() + 1> counts;
  Tally nanoseconds;

  // `count` things that all took `time`.
  void add(std::chrono::nanoseconds time, std::uint64_t count) {
    const double seconds = std::chrono::duration<double>(time).count();
    const auto bucket =
        std::ranges::find_if(Latency::bounds, [seconds](double bound) { return seconds <= bound; });
    counts[static_cast<std::size_t>(bucket - Latency::bounds.begin())] += count;
    nanoseconds += static_cast<std::uint64_t>(time.count()) * count;
  }

  void add_to(Latency& total) const {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      total.counts[i] += counts[i].get();
    }
    total.sum += static_cast<double>(nanoseconds.get()) * 1e-9;
  }
};

// What one worker saw of one other resolver.
struct alignas(64) ResolverTallies {
  LatencyTallies latency;
  Tally failures;
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
