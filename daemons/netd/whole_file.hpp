// SPDX-License-Identifier: Apache-2.0
//
// Small files that others read, or that we read again after a crash: there as a whole or not at
// all.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace paddock::netd {

// Replaces the file; its folder is made when absent. Throws std::runtime_error with a sentence. The
// unfinished file is `.NAME` beside it, as flannel has it.
void write_whole(const std::string& path, const std::string& text, mode_t mode = 0644);
// Empty when there is none.
[[nodiscard]] std::string read_whole(const std::string& path);

// A file that is to have the text it was given last. What could not be written is tried again with
// the next word of it.
class KeptFile {
 public:
  // A sentence when it cannot be written, once for as long as the same keeps it from that.
  [[nodiscard]] std::optional<std::string> put(const std::string& path, const std::string& text);

 private:
  std::string text_;
  std::string trouble_;
};

}  // namespace paddock::netd
