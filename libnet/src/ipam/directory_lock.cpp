// SPDX-License-Identifier: Apache-2.0
#include "ipam/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
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
  const auto pid = std::to_string(::getpid()) + "\n";
  // Only for the message above, so a failure to write it is none of ours.
  if (::ftruncate(descriptor_, 0) == 0) (void)!::pwrite(descriptor_, pid.data(), pid.size(), 0);
}

DirectoryLock::~DirectoryLock() { ::close(descriptor_); }

}  // namespace paddock::net
