// SPDX-License-Identifier: Apache-2.0
//
// Who has asked over HTTP that everything be read again, until the control thread has done so.
#pragma once

#include <paddock/metadata/service.hpp>

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace paddock::runtime {

class Reloads {
 public:
  // `nudge` makes the control thread look here.
  explicit Reloads(std::function<void()> nudge) : nudge_(std::move(nudge)) {}

  // Any thread.
  void ask(metadata::ReloadAnswer answer) {
    {
      const std::scoped_lock lock(mutex_);
      asked_.push_back(std::move(answer));
    }
    nudge_();
  }
  [[nodiscard]] bool is_asked() const {
    const std::scoped_lock lock(mutex_);
    return !asked_.empty();
  }
  // Everybody who has asked so far, to be told what came of it. Take them before reading: who asks
  // later wants to have what is there then.
  [[nodiscard]] std::vector<metadata::ReloadAnswer> take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(asked_, {});
  }

 private:
  std::function<void()> nudge_;
  mutable std::mutex mutex_;  // HTTP threads ask, the control thread answers
  std::vector<metadata::ReloadAnswer> asked_;
};

}  // namespace paddock::runtime
