// SPDX-License-Identifier: Apache-2.0
//
// When a snapshot file is written: a while after the first change it lacks, and so that writing
// takes a small part of the time at most. One thread.
#pragma once

#include "client/snapshot_file.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace paddock::metadata::client {

class SnapshotKeeper {
 public:
  using Clock = std::chrono::steady_clock;

  // No file: nothing is ever due.
  SnapshotKeeper(std::string file, std::chrono::milliseconds save_after, std::string form = {})
      : file_(std::move(file)), form_(std::move(form)), save_after_(save_after) {}

  // The file is behind from now on.
  void changed() {
    if (is_behind_ || file_.empty()) return;
    is_behind_ = true;
    due_ = Clock::now() + std::max<Clock::duration>(save_after_, most_share * last_save_);
  }
  [[nodiscard]] bool is_behind() const { return is_behind_; }
  // When to save; far away while nothing is behind.
  [[nodiscard]] Clock::time_point due() const {
    return is_behind_ ? due_ : Clock::time_point::max();
  }

  // After a failure it is due again half a minute later.
  [[nodiscard]] Result<void> save(const Cluster& cluster) {
    const auto begin = Clock::now();
    auto written = write_snapshot(file_, cluster, form_);
    last_save_ = Clock::now() - begin;
    is_behind_ = !written;
    due_ = Clock::now() + std::max<Clock::duration>(save_after_, std::chrono::seconds(30));
    return written;
  }

 private:
  static constexpr int most_share = 100;  // one part in so many of the time

  std::string file_;
  std::string form_;  // as in Reduction
  std::chrono::milliseconds save_after_;
  bool is_behind_ = false;
  Clock::time_point due_;
  Clock::duration last_save_{0};
};

}  // namespace paddock::metadata::client
