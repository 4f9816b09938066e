// SPDX-License-Identifier: Apache-2.0
#include "store/directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <system_error>

namespace paddock::metadata {

std::filesystem::path make_directory(const std::filesystem::path& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed) {
    throw std::runtime_error("make the directory of the store, " + path.string() + ": " +
                             failed.message());
  }
  return path;
}

File lock_directory(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "lock";
  File file(path, O_RDWR | O_CREAT);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = {};
    (void)!::pread(file.get(), holder, sizeof holder - 1, 0);
    throw std::runtime_error("the store in " + directory.string() +
                             " is in use by another process (pid " + holder +
                             "): stop that, or use another directory");
  }
  const std::string pid = std::to_string(::getpid());
  (void)!::ftruncate(file.get(), 0);
  (void)!::pwrite(file.get(), pid.data(), pid.size(), 0);  // only for the sentence above
  return file;
}

}  // namespace paddock::metadata
