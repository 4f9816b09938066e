// SPDX-License-Identifier: Apache-2.0
//
// Standing: what was seen of one other resolver: how fast it answers, and
// whether it does at all. Pure; time is told by the caller.
#pragma once

#include <chrono>

namespace paddock::dns::upstream {

using TimePoint = std::chrono::steady_clock::time_point;

class Standing {
 public:
  void answered(TimePoint::duration took, TimePoint now);

  // Passes it over for half a second, twice as long each time, up to half a minute.
  void failed(TimePoint now);

  // Another was asked because this one kept us waiting. Four times in a row count as a failure, so
  // that one that died suddenly is left before its time-outs are over.
  void overtaken(TimePoint now);

  void probed(TimePoint now) { probed_ = now; }

  [[nodiscard]] bool is_trusted(TimePoint now) const { return now >= avoid_until_; }

  // Smoothed time of its answers as a power of two, so that resolvers about as fast as each other
  // compare equal. The largest number until it answered something.
  [[nodiscard]] unsigned latency_class() const;

  // How long 95 of 100 answers take at most; zero until it answered something.
  [[nodiscard]] TimePoint::duration slow_answer() const;

  // Nothing is known of its speed, or nothing new: it should be asked beside another.
  [[nodiscard]] bool wants_probe(TimePoint now) const;

 private:
  bool is_measured_ = false;
  double smoothed_ = 0;  // seconds (RFC 6298, 2: one eighth of each new one)
  double slow_ = 0;      // seconds, moved up by an answer that took longer and down by the others
  TimePoint measured_{};
  TimePoint probed_{};
  unsigned failures_ = 0;
  unsigned overtaken_ = 0;
  TimePoint avoid_until_{};
};

}  // namespace paddock::dns::upstream
