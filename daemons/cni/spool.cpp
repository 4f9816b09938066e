// SPDX-License-Identifier: Apache-2.0
#include "cni/spool.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace paddock::cni {
namespace {

// Makes the directory and its parents. What is missing at the end shows when the file is opened.
void make_directories(const char* directory) {
  char path[longest_path];
  if (std::strlen(directory) >= sizeof path) return;
  std::strcpy(path, directory);
  for (char* at = path + 1; *at; ++at) {
    if (*at != '/') continue;
    *at = '\0';
    ::mkdir(path, 0755);
    *at = '/';
  }
  ::mkdir(path, 0700);
}

int write_whole(int file, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::write(file, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

int sync_directory(const char* directory) {
  const int descriptor = ::open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const int code = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  return code;
}

}  // namespace

int spool(const char* directory, const Call& call, char (&path)[longest_path]) {
  make_directories(directory);
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  // The daemon takes files in the order of their names, and only those that end in .del.
  const int length = std::snprintf(path, sizeof path, "%s/%020lld%09ld-%d.del", directory,
                                   static_cast<long long>(now.tv_sec), now.tv_nsec, ::getpid());
  if (length < 0 || static_cast<std::size_t>(length) + 4 >= sizeof path) return ENAMETOOLONG;
  char unfinished[longest_path];
  std::memcpy(unfinished, path, static_cast<std::size_t>(length) + 1);
  std::strcat(unfinished, ".new");
  const int file = ::open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return errno;
  int code = write_whole(file, call.bytes, call.size);
  ::close(file);
  if (code == 0 && ::rename(unfinished, path) != 0) code = errno;
  if (code != 0) {
    ::unlink(unfinished);
    return code;
  }
  return sync_directory(directory);
}

}  // namespace paddock::cni
