// SPDX-License-Identifier: Apache-2.0
//
// Folders and locks a daemon needs before it may serve. Failures are thrown as sentences that name
// the path and the remedy: they all mean "cannot start".
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

namespace paddock::runtime {

// Makes the folder and its parents. An existing one keeps its mode.
void make_directory(const std::filesystem::path& folder, mode_t mode = 0755);

// One process per folder. Holds FOLDER/lock until destruction; the kernel lets go of it when the
// process dies. Inside are the pid of its holder and, as stores and netd's leases write them too,
// the number of the PID namespace in which it is that.
class FolderLock {
 public:
  // Of the one that works in the folder (FOLDER/lock), or of the one that does when he lets go
  // (FOLDER/lock.next).
  enum class Place : std::uint8_t { holder, next };

  explicit FolderLock(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

  // Nothing when somebody has it.
  [[nodiscard]] static std::optional<FolderLock> take_if_free(const std::filesystem::path& folder,
                                                              Place place = Place::holder);

  struct Holder {
    pid_t pid = 0;         // as it knows itself
    bool is_near = false;  // it can be sent signals: it is not in a container of its own
    bool is_self = false;
  };
  // Who holds the folder's lock, of whatever kind of daemon; nothing when nobody does.
  [[nodiscard]] static std::optional<Holder> holder(const std::filesystem::path& folder,
                                                    Place place = Place::holder);

 private:
  explicit FolderLock(int descriptor) noexcept : descriptor_(descriptor) {}
  // Writes down whose it is; false when it is somebody's.
  [[nodiscard]] bool lock(const std::filesystem::path& path) const;

  int descriptor_ = -1;
};

}  // namespace paddock::runtime
