// SPDX-License-Identifier: Apache-2.0
//
// audit.pending: what is being asked of a store elsewhere, on disk before it is asked. Should this
// process end before the outcome stands in the audit log, the next one finds here what it was.
// One thread.
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

// Those intents, in their order, of which no outcome stands among the lines of the audit log.
[[nodiscard]] std::vector<std::string> without_outcome(const std::vector<std::string>& intents,
                                                       const std::vector<std::string>& outcomes);

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
