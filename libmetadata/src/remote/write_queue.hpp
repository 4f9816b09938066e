// SPDX-License-Identifier: Apache-2.0
//
// The writing side of a store that is elsewhere: one thread notes what is asked for, makes the
// writes, puts the accepted ones in the audit log, and answers when the reading side has seen them.
#pragma once

#include "remote/pending_writes.hpp"
#include "store/audit_log.hpp"
#include "store/file.hpp"

#include <paddock/metadata/remote_store.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
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
    // One for each write, in their order. The lines have this time (Unix milliseconds).
    std::function<std::vector<Made>(const Writes&, std::int64_t now)> make;
    // Called before each wait; returns when it wants to be called again.
    std::function<Clock::time_point()> between;
  };

  // Locks the directory and opens the audit log in it, unless the store is not to be written. What
  // an earlier life asked for, and whose outcome it did not live to note, becomes lines there. All
  // that may wait for the directory: then writes do, too.
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
    bool has_line = false;  // in the audit log
  };

  void open_audit_log(File lock);
  [[nodiscard]] bool wait_for_directory(const std::stop_token& stop);
  void run(const std::stop_token& stop);
  void make(std::vector<std::pair<Write, Done>> batch);
  [[nodiscard]] bool has_room_for(const Write& write);
  [[nodiscard]] std::optional<WriteResult> note_intents(const Writes& writes, std::int64_t now);
  void note_outcomes(std::vector<Made>& results);
  [[nodiscard]] bool append_owed();
  [[nodiscard]] bool sync();
  [[nodiscard]] bool is_idle();
  void settle();
  void answer_made();
  void await(std::vector<Waiting> made);
  void answer_overdue();

  const bool is_writable_;
  const std::filesystem::path directory_;
  const std::size_t audit_bytes_;
  const unsigned audit_files_;
  std::atomic<bool> is_open_ = false;  // the three below are there, where they are to be
  std::optional<File> lock_;
  std::optional<AuditLog> audit_;
  std::optional<PendingWrites> pending_;  // with audit_
  std::string owed_;                      // lines that audit_ still lacks
  std::string unsynced_;                  // lines that audit_ has, perhaps not on disk
  bool has_sync_failed_ = false;
  std::vector<Waiting> made_;  // waits until its lines are on disk, in audit_ or in pending_
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
