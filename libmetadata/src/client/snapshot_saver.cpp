// SPDX-License-Identifier: Apache-2.0
#include "client/snapshot_saver.hpp"

#include <utility>

namespace paddock::metadata::client {

SnapshotSaver::SnapshotSaver(std::string file, std::chrono::milliseconds save_after, Newest newest,
                             Failed failed, std::string form)
    : newest_(std::move(newest)),
      failed_(std::move(failed)),
      keeper_(file, save_after, std::move(form)) {
  if (file.empty()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

SnapshotSaver::~SnapshotSaver() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void SnapshotSaver::changed() {
  bool is_first = false;  // of those that the file lacks; the thread knows of it since
  {
    const std::scoped_lock lock(mutex_);
    is_first = !keeper_.is_behind();
    keeper_.changed();
    has_changed_ = true;
  }
  if (is_first) is_changed_.notify_all();
}

void SnapshotSaver::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    // A change may make it due; it never becomes due later.
    const auto due = keeper_.due();
    is_changed_.wait_until(lock, stop, due, [&] { return keeper_.due() != due; });
    if (SnapshotKeeper::Clock::now() >= keeper_.due()) save(lock);
  }
  if (keeper_.is_behind()) save(lock);
}

void SnapshotSaver::save(std::unique_lock<std::mutex>& lock) {
  SnapshotKeeper keeper = keeper_;
  has_changed_ = false;
  lock.unlock();
  const auto cluster = newest_();
  const auto saved = cluster ? keeper.save(*cluster) : Result<void>();
  if (!saved && failed_) failed_(saved.error());
  lock.lock();
  keeper_ = std::move(keeper);
  if (has_changed_) keeper_.changed();
}

}  // namespace paddock::metadata::client
