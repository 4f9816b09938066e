// SPDX-License-Identifier: Apache-2.0
//
// Keeps a snapshot file on a thread of its own, so that nobody waits for the disk.
#pragma once

#include "client/snapshot_keeper.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace paddock::metadata::client {

class SnapshotSaver {
 public:
  using Newest = std::function<std::shared_ptr<const Cluster>()>;
  using Failed = std::function<void(const Error&)>;

  // `newest` and `failed` (may be empty) are called on the saver's thread. An empty file: nothing
  // is saved, and there is no thread. `form` as in Reduction.
  SnapshotSaver(std::string file, std::chrono::milliseconds save_after, Newest newest,
                Failed failed, std::string form = {});
  // Writes the file if it is behind.
  ~SnapshotSaver();
  SnapshotSaver(const SnapshotSaver&) = delete;
  SnapshotSaver& operator=(const SnapshotSaver&) = delete;

  // The newest state is another one. Any thread.
  void changed();

 private:
  void run(const std::stop_token& stop);
  void save(std::unique_lock<std::mutex>& lock);

  Newest newest_;
  Failed failed_;
  std::mutex mutex_;  // of what follows: who changes the state meets the thread here
  std::condition_variable_any is_changed_;
  SnapshotKeeper keeper_;
  bool has_changed_ = false;  // while the file was being written
  std::jthread thread_;
};

}  // namespace paddock::metadata::client
