// SPDX-License-Identifier: Apache-2.0
//
// A file with this process' pid in it, for service managers that want one; gone when the daemon
// ends, unless a successor's pid is in it by then. A stale one of a daemon that was killed is
// written over.
#pragma once

#include <string>

namespace paddock::runtime {

class PidFile {
 public:
  // Nothing is written when `path` is empty. Throws a sentence that names the file.
  explicit PidFile(std::string path);
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

 private:
  std::string path_;
};

}  // namespace paddock::runtime
