// SPDX-License-Identifier: Apache-2.0
#include "ipam/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>

namespace paddock::net {

DirectoryLock::DirectoryLock(const std::filesystem::path& directory) {
  const auto path = directory / "lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0)
    throw std::runtime_error("open " + path.string() + ": " + std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    std::string owner;
    std::ifstream file(path);
    std::getline(file, owner);
    ::close(descriptor_);
    throw std::runtime_error("the leases in " + directory.string() + " are in use by process " +
                             (owner.empty() ? "?" : owner) +
                             ": only one paddock-netd can run with this state directory");
  }
  // For the message above, and the PID namespace for a successor that may be in another. A failure
  // to write it is none of ours.
  struct stat space {};
  (void)::stat("/proc/self/ns/pid", &space);
  const auto text = std::to_string(::getpid()) + "\n" + std::to_string(space.st_ino) + "\n";
  if (::ftruncate(descriptor_, 0) == 0) (void)!::pwrite(descriptor_, text.data(), text.size(), 0);
}

DirectoryLock::~DirectoryLock() { ::close(descriptor_); }

}  // namespace paddock::net
