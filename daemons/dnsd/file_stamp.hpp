// SPDX-License-Identifier: Apache-2.0
//
// By what a file is seen to be another, without reading it.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace paddock::dnsd {

struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t number = 0;  // inode
  std::uint64_t size = 0;
  std::int64_t changed = 0;  // nanoseconds

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// All zero for a file that is not there. Links are followed.
[[nodiscard]] inline FileStamp stamp_of(const std::string& path) {
  struct stat now {};
  if (path.empty() || ::stat(path.c_str(), &now) != 0) return {};
  return {now.st_dev, now.st_ino, static_cast<std::uint64_t>(now.st_size),
          now.st_ctim.tv_sec * 1'000'000'000 + now.st_ctim.tv_nsec};
}

}  // namespace paddock::dnsd
