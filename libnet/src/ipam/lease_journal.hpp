// SPDX-License-Identifier: Apache-2.0
//
// The changes the database does not have yet, in a file of records that bear consecutive numbers.
// It is written without a sync: the kernel keeps it when the process dies. A loss of power may take
// the end of it, and with it the pods whose records these were.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::net {

struct LeaseChange {
  std::string key;
  std::optional<std::string> value;  // absent: erase
  std::vector<std::string> taken;    // addresses whose note of being freed goes
  std::vector<std::pair<std::string, std::string>> freed;  // address and note

  friend bool operator==(const LeaseChange&, const LeaseChange&) = default;
};

struct JournalRecord {
  std::uint64_t number = 0;
  LeaseChange change;

  friend bool operator==(const JournalRecord&, const JournalRecord&) = default;
};

std::string format_journal_record(const JournalRecord& record);
// The records at the beginning: up to what is damaged, cut off, or left from an earlier round.
std::vector<JournalRecord> parse_journal(std::string_view bytes);

// One thread at a time.
class LeaseJournal {
 public:
  // Takes room on disk beforehand. Throws std::runtime_error when it cannot be opened or read.
  explicit LeaseJournal(std::filesystem::path path);
  ~LeaseJournal();
  LeaseJournal(const LeaseJournal&) = delete;
  LeaseJournal& operator=(const LeaseJournal&) = delete;

  [[nodiscard]] std::vector<JournalRecord> read() const;
  // An errno code; unless 0, nothing was appended.
  [[nodiscard]] int append(const JournalRecord& record);
  // The database has them all: the next record overwrites the first.
  void restart() { size_ = 0; }
  // The same, for nobody who comes later to find any.
  void clear();
  // Of the records since the restart.
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::size_t size_ = 0;
};

}  // namespace paddock::net
