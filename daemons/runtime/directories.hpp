// SPDX-License-Identifier: Apache-2.0
//
// Folders and locks a daemon needs before it may serve. Failures are thrown as sentences that name
// the path and the remedy: they all mean "cannot start".
#pragma once

#include <sys/types.h>

#include <filesystem>

namespace paddock::runtime {

// Makes the folder and its parents. An existing one keeps its mode.
void make_directory(const std::filesystem::path& folder, mode_t mode = 0755);

// One process per folder. Holds FOLDER/lock (with the pid of its holder inside) until destruction;
// the kernel lets go of it when the process dies.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  // The pid of the process that holds the folder's lock; 0 when nobody does.
  [[nodiscard]] static pid_t holder(const std::filesystem::path& folder);

 private:
  int descriptor_ = -1;
};

}  // namespace paddock::runtime
