// SPDX-License-Identifier: Apache-2.0
//
// Folders and locks a daemon needs before it may serve. Failures are thrown as sentences that name
// the path and the remedy: they all mean "cannot start".
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

namespace paddock::runtime {

// Makes the folder and its parents. An existing one keeps its mode.
void make_directory(const std::filesystem::path& folder, mode_t mode = 0755);

// One process per folder. Holds FOLDER/lock until destruction; the kernel lets go of it when the
// process dies. Inside are the pid of its holder and, as stores and netd's leases write them too,
// the number of the PID namespace in which it is that.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  struct Holder {
    pid_t pid = 0;         // as it knows itself
    bool is_near = false;  // it can be sent signals: it is not in a container of its own
  };
  // Who holds the folder's lock, of whatever kind of daemon; nothing when nobody does.
  [[nodiscard]] static std::optional<Holder> holder(const std::filesystem::path& folder);

 private:
  int descriptor_ = -1;
};

}  // namespace paddock::runtime
