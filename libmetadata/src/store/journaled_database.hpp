// SPDX-License-Identifier: Apache-2.0
//
// The database behind two journals. A commit is a record of one of them; once that is full, the
// next ones go to the other, while a thread brings the full one into the database: together, and
// of an object only what it came to. Where the disk has no room for journals, or they cannot be
// written, a commit is one of the database.
//
// Records of the audit log stay in a journal, or in the database, until they are on disk in
// audit.log.
#pragma once

#include "store/audit_log.hpp"
#include "store/database.hpp"
#include "store/journal.hpp"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace paddock::metadata {

// One thread at a time.
class JournaledDatabase {
 public:
  // The log must outlive this. Throws std::runtime_error with a sentence and a remedy.
  JournaledDatabase(const std::filesystem::path& directory, AuditLog& audit);
  // Brings the journals into the database, which is then whole without them.
  ~JournaledDatabase();
  JournaledDatabase(const JournaledDatabase&) = delete;
  JournaledDatabase& operator=(const JournaledDatabase&) = delete;

  [[nodiscard]] const std::string& store() const noexcept { return store_; }
  // Of the last commit.
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }

  void each_object(const Database::Visit& visit);
  // Records after the revision, by growing revision.
  [[nodiscard]] std::vector<AuditRecord> audit_records(std::uint64_t after);

  // All or nothing, and on disk when done. When it is not done, `why` is a sentence.
  [[nodiscard]] Database::Commit commit(std::span<const Step> steps, std::string& why);

  // Lets go of the pages of the database that were looked at.
  void release_pages();

 private:
  void take_up_journals();
  [[nodiscard]] bool append(std::span<const Step> steps);
  [[nodiscard]] bool change_journals();
  [[nodiscard]] Database::Commit commit_directly(std::span<const Step> steps, std::string& why);
  [[nodiscard]] Database::Commit bring_all(std::string& why);
  [[nodiscard]] Database::Commit bring(Journal& journal, std::string& why);
  void sync_audit();
  [[nodiscard]] std::unique_lock<std::mutex> when_idle();
  [[nodiscard]] bool is_idle() const noexcept { return !full_ || cannot_bring_; }
  void run(const std::stop_token& stop);

  AuditLog& audit_;
  Database database_;        // the thread's unless it is idle
  const std::string store_;  // the database's own is read again by the thread
  std::array<Journal, 2> journals_;
  std::size_t current_ = 0;
  std::uint64_t revision_ = 0;
  std::uint64_t direct_commits_ = 0;
  std::uint64_t synced_audit_ = 0;  // audit.log is on disk up to here; goes with the database
  std::mutex mutex_;                // of these, by which the two threads hand over a journal
  std::condition_variable_any changed_;
  std::optional<std::size_t> full_;
  bool cannot_bring_ = false;  // the last attempt failed: the next commit tries, and says why
  std::jthread thread_;
};

}  // namespace paddock::metadata
