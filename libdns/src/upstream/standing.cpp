// SPDX-License-Identifier: Apache-2.0
#include "upstream/standing.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

namespace paddock::dns::upstream {
namespace {

using namespace std::chrono_literals;

constexpr unsigned overtaken_limit = 4;
constexpr auto probe_interval = 5s;
// In balance when 5 of 100 answers are above: 0.95 * 5 = 0.05 * 95.
constexpr double step_up = 1 + 0.95 * 0.2;
constexpr double step_down = 1 - 0.05 * 0.2;
constexpr double fastest = 1e-4;  // seconds; below, differences mean nothing

}  // namespace

void Standing::answered(TimePoint::duration took, TimePoint now) {
  const double seconds = std::max(std::chrono::duration<double>(took).count(), fastest);
  smoothed_ = is_measured_ ? smoothed_ + (seconds - smoothed_) / 8 : seconds;
  slow_ = is_measured_ ? slow_ * (seconds > slow_ ? step_up : step_down) : seconds * 2;
  is_measured_ = true;
  measured_ = now;
  failures_ = 0;
  overtaken_ = 0;
  avoid_until_ = {};
}

void Standing::failed(TimePoint now) {
  avoid_until_ = now + std::min(500ms * (1 << std::min(failures_, 6U)), 30'000ms);
  ++failures_;
  overtaken_ = 0;
}

void Standing::overtaken(TimePoint now) {
  if (++overtaken_ >= overtaken_limit && is_trusted(now)) {
    failed(now);
  }
}

unsigned Standing::latency_class() const {
  if (!is_measured_) {
    return std::numeric_limits<unsigned>::max();
  }
  return static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(smoothed_ * 1e3)));
}

TimePoint::duration Standing::slow_answer() const {
  return std::chrono::duration_cast<TimePoint::duration>(std::chrono::duration<double>(slow_));
}

bool Standing::wants_probe(TimePoint now) const {
  return now - std::max(probed_, measured_) >= probe_interval;
}

}  // namespace paddock::dns::upstream
