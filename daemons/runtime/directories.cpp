// SPDX-License-Identifier: Apache-2.0
#include "runtime/directories.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace paddock::runtime {
namespace {

[[noreturn]] void refuse(const std::string& what, const std::filesystem::path& path) {
  const int error = errno;
  std::string sentence = what + " " + path.string();
  if (error == EACCES || error == EPERM) {
    sentence += ::geteuid() == 0 ? " (even as root: is the file system read-only for this service?)"
                                 : " (not root: start it with sudo, or name a folder of your own)";
  }
  throw std::system_error(error, std::generic_category(), sentence);
}

std::filesystem::path lock_path(const std::filesystem::path& folder, FolderLock::Place place) {
  return folder / (place == FolderLock::Place::holder ? "lock" : "lock.next");
}

int open_lock(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) refuse("cannot open", path);
  return descriptor;
}

unsigned long long own_pid_namespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

// "PID\nNAMESPACE\n".
FolderLock::Holder written_holder(int descriptor) {
  std::array<char, 48> text{};
  if (::pread(descriptor, text.data(), text.size() - 1, 0) <= 0) return {};
  char* end = nullptr;
  FolderLock::Holder holder{.pid = static_cast<pid_t>(std::strtol(text.data(), &end, 10))};
  const bool is_same_namespace = std::strtoull(end, nullptr, 10) == own_pid_namespace();
  holder.is_near = is_same_namespace && holder.pid != ::getpid();
  holder.is_self = is_same_namespace && holder.pid == ::getpid();
  return holder;
}

}  // namespace

void make_directory(const std::filesystem::path& folder, mode_t mode) {
  struct stat now {};
  if (::stat(folder.c_str(), &now) == 0) {
    if (S_ISDIR(now.st_mode)) return;
    errno = ENOTDIR;
    refuse("cannot make the folder", folder);
  }
  if (folder.has_parent_path() && folder.parent_path() != folder) {
    make_directory(folder.parent_path(), 0755);
  }
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) {
    refuse("cannot make the folder", folder);
  }
}

FolderLock::FolderLock(const std::filesystem::path& folder)
    : FolderLock(open_lock(lock_path(folder, Place::holder))) {
  if (!lock(lock_path(folder, Place::holder))) {
    const auto pid = written_holder(descriptor_).pid;
    throw std::runtime_error(folder.string() + " is in use by process " + std::to_string(pid) +
                             ": stop that one first (paddock down), or choose another folder");
  }
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool FolderLock::lock(const std::filesystem::path& path) const {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) return false;
  const auto pid = std::to_string(::getpid()) + "\n" + std::to_string(own_pid_namespace()) + "\n";
  if (::ftruncate(descriptor_, 0) != 0 ||
      ::pwrite(descriptor_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    refuse("cannot write", path);
  }
  return true;
}

std::optional<FolderLock> FolderLock::take_if_free(const std::filesystem::path& folder,
                                                   Place place) {
  const auto path = lock_path(folder, place);
  FolderLock lock(open_lock(path));
  if (!lock.lock(path)) return std::nullopt;
  return lock;
}

std::optional<FolderLock::Holder> FolderLock::holder(const std::filesystem::path& folder,
                                                     Place place) {
  const int descriptor = ::open(lock_path(folder, place).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  std::optional<Holder> holder;
  if (::flock(descriptor, LOCK_SH | LOCK_NB) != 0) holder = written_holder(descriptor);
  ::close(descriptor);
  return holder;
}

}  // namespace paddock::runtime
