// SPDX-License-Identifier: Apache-2.0
//
// When something that many events ask for is done: at once after a pause, else together, in turns a
// while apart. One thread.
#pragma once

#include <algorithm>
#include <chrono>

namespace paddock::metadatad {

class Pace {
 public:
  explicit Pace(std::chrono::milliseconds apart) : apart_(apart) {}

  void ask() { is_asked_ = true; }
  // How long until it is due; no longer than that.
  [[nodiscard]] std::chrono::milliseconds pause(std::chrono::milliseconds at_most) const {
    if (!is_asked_) return at_most;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_ - Clock::now());
    return std::clamp(left, std::chrono::milliseconds(0), at_most);
  }
  // Whether it is due; then it is to be done now, and was not asked for since.
  [[nodiscard]] bool take() {
    const auto now = Clock::now();
    if (!is_asked_ || now < next_) return false;
    is_asked_ = false;
    next_ = now + apart_;
    return true;
  }

 private:
  using Clock = std::chrono::steady_clock;

  const std::chrono::milliseconds apart_;
  bool is_asked_ = false;
  Clock::time_point next_{};
};

}  // namespace paddock::metadatad
