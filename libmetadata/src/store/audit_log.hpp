// SPDX-License-Identifier: Apache-2.0
//
// audit.log: one JSON line for every accepted write, oldest first, rotated by size to
// audit.log.1 and on. Every line begins with {"revision":N. All members from any thread.
#pragma once

#include "store/file.hpp"

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata {

class AuditLog {
 public:
  struct Options {
    std::filesystem::path directory;
    std::size_t bytes = 0;  // rotate at this size
    unsigned files = 1;     // keep so many
  };

  // Opens or makes the file; a torn last line, of a crash, is cut off. Throws std::system_error.
  explicit AuditLog(Options options);
  // Gives reserved room back.
  ~AuditLog();

  // Of the last line; 0 when there is none. The lines of later revisions are still to be written.
  [[nodiscard]] std::uint64_t last_revision() const;
  // The lines there are another store's: last_revision() is 0 until the next append.
  void forget_revision();
  // Sees to it that `bytes` more can be added, for lines of what cannot be taken back. False: there
  // is no room for them. Where the file system cannot tell, there is.
  [[nodiscard]] bool reserve(std::size_t bytes);
  // Adds lines, each with its newline. When that fails (disk full) nothing is added; the result
  // says whether all are there.
  [[nodiscard]] bool append(std::string_view lines, std::uint64_t last_revision);
  // Makes what was added durable. False when that failed.
  [[nodiscard]] bool sync();
  // The last lines, oldest first, without newline.
  [[nodiscard]] std::vector<std::string> tail(std::size_t limit) const;

 private:
  [[nodiscard]] std::filesystem::path path(unsigned number) const;
  void open();
  void rotate();
  void give_back() noexcept;

  Options options_;
  mutable std::mutex mutex_;
  File file_;
  std::size_t size_ = 0;
  std::size_t reserved_ = 0;  // the file has room up to here
  std::uint64_t last_revision_ = 0;
};

}  // namespace paddock::metadata
