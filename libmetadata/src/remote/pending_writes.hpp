// SPDX-License-Identifier: Apache-2.0
//
// audit.pending: what is being asked of a store elsewhere, on disk before it is asked, and the
// lines of the audit log that may not be on disk there. Should this process end before they are,
// the next one finds here what they were. One thread.
#pragma once

#include "store/file.hpp"

#include <paddock/metadata/store.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata::remote {

// A line of the audit log for a write whose outcome nobody has seen.
[[nodiscard]] std::string intent_line(const Write& write, std::int64_t now);

// What the audit log, whose last lines these are, lacks of the lines that were noted: those of
// changes that it has not, and the intents, in their order, of which it has no outcome.
[[nodiscard]] std::vector<std::string> lacking(const std::vector<std::string>& noted,
                                               const std::vector<std::string>& log);

class PendingWrites {
 public:
  // Opens or makes the file. Throws std::system_error.
  explicit PendingWrites(const std::filesystem::path& directory);

  // What was noted last and not cleared, a line each without newline. What was not wholly on disk
  // was not asked for, so it is none.
  [[nodiscard]] std::vector<std::string> left() const;
  // Notes these lines, each with its newline, in place of what was noted before; they are on disk
  // then. An error names the file, with errno's code.
  [[nodiscard]] Result<void> note(std::string_view lines);
  // All of it is in the audit log.
  void clear() noexcept;

 private:
  std::filesystem::path path_;
  File file_;
};

}  // namespace paddock::metadata::remote
