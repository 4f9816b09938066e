// SPDX-License-Identifier: Apache-2.0
//
// Steps that the database does not have yet, in a file that is written in place: a record for each
// commit costs one flush of the disk, where a transaction of LMDB costs two and four pages for
// every object. A record tells by its digest whether it is whole, by its revision whether it goes
// on from the one before, and by its round whether it is left from before a restart.
#pragma once

#include "store/file.hpp"
#include "store/step.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata {

struct JournalContent {
  std::vector<StepView> steps;  // borrowed from the bytes
  std::size_t size = 0;         // of the records they are in
  std::uint64_t round = 0;
};
// The records at the beginning that are the store's: up to what is damaged, cut off or left over.
[[nodiscard]] JournalContent parse_journal(std::string_view bytes, std::string_view store);

// One thread at a time.
class Journal {
 public:
  static constexpr std::size_t wanted_room = 2U << 20U;

  // Opens or makes the file of a store, given by its UUID. Throws std::system_error.
  Journal(std::filesystem::path path, std::string_view store);

  // Takes room on disk, unless there is some: what is appended needs no other block then.
  void take_room();
  void give_back_room() noexcept;
  [[nodiscard]] bool has_room() const noexcept { return room_ != 0; }

  // On disk then. False: it does not fit, or cannot be written, and nothing was appended.
  [[nodiscard]] bool append(std::span<const Step> steps);
  // What was appended since the last restart, for parse_journal(); empty when it cannot be read.
  [[nodiscard]] std::string read() const;
  // 0 while it is empty.
  [[nodiscard]] std::uint64_t first_revision() const noexcept { return first_revision_; }
  [[nodiscard]] std::uint64_t last_revision() const noexcept { return last_revision_; }
  [[nodiscard]] bool is_empty() const noexcept { return size_ == 0; }

  // The database has all of it: the next record overwrites the first.
  void restart() noexcept;
  // The same, on disk, for nobody who comes later to find any.
  void clear() noexcept;

 private:
  std::string store_;
  File file_;
  std::size_t room_ = 0;
  std::size_t size_ = 0;
  std::uint64_t round_ = 0;
  std::uint64_t first_revision_ = 0;
  std::uint64_t last_revision_ = 0;
  std::string record_;  // reused
};

}  // namespace paddock::metadata
