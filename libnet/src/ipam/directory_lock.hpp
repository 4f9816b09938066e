// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace paddock::net {

// Makes sure that no other process uses the directory while it lives.
class DirectoryLock {
 public:
  // Throws std::runtime_error that names the process that has it.
  explicit DirectoryLock(const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace paddock::net
