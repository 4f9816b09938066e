// SPDX-License-Identifier: Apache-2.0
#include "store/publisher.hpp"

#include <algorithm>
#include <set>

namespace paddock::metadata {

void Publisher::publish(std::shared_ptr<const Cluster> cluster,
                        const std::vector<Change>& changes) {
  {
    const std::scoped_lock lock(mutex_);
    const bool is_other = newest_ && newest_->store() != cluster->store();
    if (!newest_ || is_other) forget_changes(*cluster);
    changes_.insert(changes_.end(), changes.begin(), changes.end());
    while (changes_.size() > most_changes_) {
      changes_begin_ = changes_.front().revision;
      changes_.pop_front();
    }
    if (resume_ == Resume::at_published_revisions) note_revision(cluster->revision());
    newest_.swap(cluster);
  }
  published_.notify_all();
  tell();
}

void Publisher::tell() {
  const std::scoped_lock lock(listeners_->mutex);
  for (const auto& [id, call] : listeners_->calls) call();
}

void Publisher::publish_anew(std::shared_ptr<const Cluster> cluster) {
  {
    const std::scoped_lock lock(mutex_);
    forget_changes(*cluster);
  }
  publish(std::move(cluster), {});
}

void Publisher::note_revision(std::uint64_t revision) {
  if (published_revisions_.empty() || published_revisions_.back() < revision) {
    published_revisions_.push_back(revision);
  }
  while (published_revisions_.size() > most_changes_ ||
         (!published_revisions_.empty() && published_revisions_.front() < changes_begin_)) {
    published_revisions_.pop_front();
  }
}

void Publisher::forget_changes(const Cluster& next) {
  changes_.clear();
  published_revisions_.clear();
  changes_begin_ = next.revision();
}

std::shared_ptr<const Cluster> Publisher::cluster() const {
  const std::scoped_lock lock(mutex_);
  return newest_;
}

std::shared_ptr<const Cluster> Publisher::wait(std::uint64_t after,
                                               std::chrono::steady_clock::time_point deadline,
                                               const std::stop_token& stop) const {
  std::unique_lock lock(mutex_);
  const auto is_newer = [&] { return newest_ && newest_->revision() > after; };
  if (!published_.wait_until(lock, stop, deadline, is_newer)) return nullptr;
  return newest_;
}

std::optional<std::vector<Change>> Publisher::changes_since(std::uint64_t revision) const {
  const std::scoped_lock lock(mutex_);
  if (!newest_ || revision < changes_begin_ || revision > newest_->revision()) return std::nullopt;
  if (resume_ == Resume::at_published_revisions &&
      !std::ranges::binary_search(published_revisions_, revision)) {
    return std::nullopt;
  }
  std::vector<Change> found;
  std::set<Key> seen;
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (change->revision <= revision) break;
    if (seen.insert(change->key).second) found.push_back(*change);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

Subscription Publisher::subscribe(std::function<void()> on_change) {
  const std::scoped_lock lock(listeners_->mutex);
  const std::uint64_t id = ++listeners_->last;
  listeners_->calls.emplace(id, std::move(on_change));
  return {nullptr, [listeners = listeners_, id](void*) {
            const std::scoped_lock inner(listeners->mutex);
            listeners->calls.erase(id);
          }};
}

}  // namespace paddock::metadata
