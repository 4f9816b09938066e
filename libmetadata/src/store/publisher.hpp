// SPDX-License-Identifier: Apache-2.0
//
// The reading side of any store: the newest snapshot, who waits for the next, who is told, and
// the changes of late. Any thread.
#pragma once

#include <paddock/metadata/store.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace paddock::metadata {

class Publisher {
 public:
  // Where changes_since may begin: a store that sees all changes knows what was at any revision
  // in between; one that skips states knows only those that it has published.
  enum class Resume { anywhere, at_published_revisions };

  explicit Publisher(std::size_t history, Resume resume = Resume::anywhere)
      : most_changes_(history), resume_(resume) {}

  // `changes` are what lies between the last snapshot and this, by growing revision.
  void publish(std::shared_ptr<const Cluster> cluster, const std::vector<Change>& changes);
  // What lies between is not known: nobody can resume from before.
  void publish_anew(std::shared_ptr<const Cluster> cluster);

  // Tells the subscribers, without a new snapshot.
  void tell();

  // As in Store.
  [[nodiscard]] std::shared_ptr<const Cluster> cluster() const;
  [[nodiscard]] std::shared_ptr<const Cluster> wait(std::uint64_t after,
                                                    std::chrono::steady_clock::time_point deadline,
                                                    const std::stop_token& stop) const;
  [[nodiscard]] std::optional<std::vector<Change>> changes_since(std::uint64_t revision) const;
  [[nodiscard]] Subscription subscribe(std::function<void()> on_change);

 private:
  struct Listeners {
    std::mutex mutex;  // held while they are called
    std::uint64_t last = 0;
    std::map<std::uint64_t, std::function<void()>> calls;
  };

  void note_revision(std::uint64_t revision);
  void forget_changes(const Cluster& next);

  const std::size_t most_changes_;
  const Resume resume_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any published_;
  std::shared_ptr<const Cluster> newest_;
  std::deque<Change> changes_;
  std::deque<std::uint64_t> published_revisions_;  // kept if they matter
  std::uint64_t changes_begin_ = 0;                // all changes after this revision are kept
  std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
};

}  // namespace paddock::metadata
