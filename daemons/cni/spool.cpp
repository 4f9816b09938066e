// SPDX-License-Identifier: Apache-2.0
#include "cni/spool.hpp"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace paddock::cni {
namespace {

// Makes the directory and its parents. What is missing at the end shows when the file is opened.
void make_directories(const char* directory) {
  char path[longest_path];
  if (::strlen(directory) >= sizeof path) return;
  ::strcpy(path, directory);
  for (char* at = path + 1; *at; ++at) {
    if (*at != '/') continue;
    *at = '\0';
    ::mkdir(path, 0755);
    *at = '/';
  }
  ::mkdir(path, 0700);
}

int write_whole(int file, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t count = ::write(file, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes += count;
    size -= static_cast<size_t>(count);
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
  const int length = ::snprintf(path, sizeof path, "%s/%020lld%09ld-%d.del", directory,
                                static_cast<long long>(now.tv_sec), now.tv_nsec, ::getpid());
  if (length < 0 || static_cast<size_t>(length) + 4 >= sizeof path) return ENAMETOOLONG;
  char unfinished[longest_path];
  ::memcpy(unfinished, path, static_cast<size_t>(length) + 1);
  ::strcat(unfinished, ".new");
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
