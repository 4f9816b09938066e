// SPDX-License-Identifier: Apache-2.0
//
// The writing side of a store that is elsewhere: one thread makes the writes, notes the accepted
// ones in the audit log, and answers when the reading side has seen them.
#pragma once

#include "store/audit_log.hpp"
#include "store/file.hpp"

#include <paddock/metadata/remote_store.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace paddock::metadata::remote {

// What came of a write, and its line in the audit log; empty: nothing has changed.
struct Made {
  WriteResult result;
  std::string audit;
};

using Writes = std::vector<const Write*>;

class WriteQueue {
 public:
  using Clock = std::chrono::steady_clock;
  struct Work {
    // One for each write, in their order.
    std::function<std::vector<Made>(const Writes&)> make;
    // Called before each wait; returns when it wants to be called again.
    std::function<Clock::time_point()> between;
  };

  // Locks the directory and opens the audit log in it, unless the store is not to be written.
  explicit WriteQueue(const RemoteOptions& options);
  // stop().
  ~WriteQueue();

  void start(Work work);
  // Finishes the write under way; those queued end as `stopping`. Idempotent.
  void stop();

  void submit(Write write, std::function<void(WriteResult)> done);
  // The reading side has everything up to this revision.
  void reached(std::uint64_t revision);
  [[nodiscard]] std::vector<std::string> audit(std::size_t limit) const;

 private:
  using Done = std::function<void(WriteResult)>;
  struct Waiting {
    WriteResult result;
    Done done;
    Clock::time_point deadline;
  };

  void run(const std::stop_token& stop);
  void make(std::vector<std::pair<Write, Done>> batch);
  [[nodiscard]] bool has_room_for(const Write& write);
  void await(std::vector<Waiting> made);
  void answer_overdue();

  const bool is_writable_;
  std::optional<File> lock_;
  std::optional<AuditLog> audit_;
  Work work_;
  std::mutex mutex_;  // of what follows: writers, the reading side and the thread meet here
  std::condition_variable_any submitted_;
  std::vector<std::pair<Write, Done>> queue_;
  std::multimap<std::uint64_t, Waiting> waiting_;  // by the revision they wait for
  std::uint64_t reached_ = 0;
  bool is_stopped_ = false;
  std::jthread thread_;
};

}  // namespace paddock::metadata::remote
