// SPDX-License-Identifier: Apache-2.0
//
// The embedded store on disk: an LMDB file of objects (JSON by "pods/shop/web-1"), audit records
// not yet known to be in audit.log (by revision), and what the file is. One thread at a time;
// one process, which the caller sees to.
#pragma once

#include "store/step.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct MDB_env;
struct MDB_txn;

namespace paddock::metadata {

class Database {
 public:
  // Opens or makes the file. Throws std::runtime_error with a sentence and a remedy.
  explicit Database(std::filesystem::path file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] const std::string& store() const noexcept { return store_; }
  // Of the last committed batch.
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }

  using Visit = std::function<void(std::string_view key, std::string_view value)>;
  void each_object(const Visit& visit);

  // Records after the revision, by growing revision.
  [[nodiscard]] std::vector<AuditRecord> audit_records(std::uint64_t after);

  struct Batch {
    std::vector<StepView> objects;       // to be stored, or erased, with no look at their lines
    std::vector<StepView> records;       // whose lines are to be kept, by growing revision
    std::uint64_t revision = 0;          // what the database has then
    std::uint64_t drop_audit_until = 0;  // records up to this revision may go, now or later
  };
  enum class Commit { done, disk_full, failed };
  // All or nothing, and on disk when done. When it is not done, `why` is a sentence.
  [[nodiscard]] Commit commit(const Batch& batch, std::string& why);

  // Lets go of the pages of the file that were looked at, which count as this process's memory.
  void release_pages();

 private:
  void open();
  void close() noexcept;
  void extend_to_last_page();
  [[noreturn]] void refuse(int code) const;
  void read_identity();
  [[nodiscard]] int try_commit(const Batch& batch);
  [[nodiscard]] bool recover(std::uint64_t wanted);
  [[nodiscard]] bool is_disk_full(int code) const;

  std::filesystem::path file_;
  std::size_t map_bytes_;
  MDB_env* env_ = nullptr;
  unsigned objects_ = 0;
  unsigned audit_ = 0;
  unsigned meta_ = 0;
  std::string store_;
  std::uint64_t revision_ = 0;
};

}  // namespace paddock::metadata
