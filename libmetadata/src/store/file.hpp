// SPDX-License-Identifier: Apache-2.0
//
// A file descriptor that closes itself, and a random UUID.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

namespace paddock::metadata {

class File {
 public:
  File() noexcept = default;
  // open(2), close-on-exec. Throws std::system_error with "open PATH".
  File(const std::filesystem::path& path, int flags);
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~File();
  [[nodiscard]] int get() const noexcept { return fd_; }
  // Another descriptor of the same open file; none when there is no room for it.
  [[nodiscard]] File another() const noexcept;

 private:
  int fd_ = -1;
};

// Makes the names of a directory's files durable.
void sync_directory(const std::filesystem::path& directory);

// Version 4 (RFC 9562).
[[nodiscard]] std::string random_uuid();

}  // namespace paddock::metadata
