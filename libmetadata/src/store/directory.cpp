// SPDX-License-Identifier: Apache-2.0
#include "store/directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace paddock::metadata {
namespace {

// Its pid, for the sentence below, and the PID namespace in which it is that, for a successor that
// may be in another.
void note_holder(const File& file) {
  struct stat space {};
  (void)::stat("/proc/self/ns/pid", &space);
  const auto text = std::to_string(::getpid()) + "\n" + std::to_string(space.st_ino) + "\n";
  (void)!::ftruncate(file.get(), 0);
  (void)!::pwrite(file.get(), text.data(), text.size(), 0);
}

std::string holder_of(const File& file) {
  char text[32] = {};
  (void)!::pread(file.get(), text, sizeof text - 1, 0);
  return std::string(text).substr(0, std::string_view(text).find('\n'));
}

}  // namespace

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
    throw std::runtime_error("the store in " + directory.string() +
                             " is in use by another process (pid " + holder_of(file) +
                             "): stop that, or use another directory");
  }
  note_holder(file);
  return file;
}

std::optional<File> try_lock_directory(const std::filesystem::path& directory) {
  File file(directory / "lock", O_RDWR | O_CREAT);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  note_holder(file);
  return file;
}

}  // namespace paddock::metadata
