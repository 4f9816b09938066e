// SPDX-License-Identifier: Apache-2.0
//
// A store that is read through a Publisher: what is left to say is where its state comes from and
// where writes go. Any thread reads; who extends it says which thread publishes.
#pragma once

#include "store/publisher.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace paddock::metadata {

class PublishedStore : public Store {
 public:
  [[nodiscard]] std::shared_ptr<const Cluster> cluster() const final {
    return publisher_.cluster();
  }
  [[nodiscard]] std::shared_ptr<const Cluster> wait(std::uint64_t after,
                                                    std::chrono::steady_clock::time_point deadline,
                                                    std::stop_token stop) const final {
    return publisher_.wait(after, deadline, stop);
  }
  [[nodiscard]] Subscription subscribe(std::function<void()> on_change) final {
    return publisher_.subscribe(std::move(on_change));
  }
  [[nodiscard]] std::optional<std::vector<Change>> changes_since(
      std::uint64_t revision) const final {
    return publisher_.changes_since(revision);
  }

 protected:
  explicit PublishedStore(std::size_t history,
                          Publisher::Resume resume = Publisher::Resume::anywhere)
      : publisher_(history, resume) {}

  // Outlives the threads of whoever extends this.
  Publisher publisher_;
};

}  // namespace paddock::metadata
