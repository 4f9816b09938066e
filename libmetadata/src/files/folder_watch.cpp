// SPDX-License-Identifier: Apache-2.0
#include "files/folder_watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace paddock::metadata {
namespace {

// Not IN_MODIFY: a file is read when its writer is done with it.
constexpr std::uint32_t interesting = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                      IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                      IN_ONLYDIR;

}  // namespace

FolderWatch::FolderWatch()
    : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      woken_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (inotify_ >= 0 && woken_ >= 0) return;
  const int number = errno;
  if (inotify_ >= 0) ::close(inotify_);
  if (woken_ >= 0) ::close(woken_);
  throw std::system_error(number, std::generic_category(),
                          "watch folders (fs.inotify.max_user_instances may be too low)");
}

FolderWatch::~FolderWatch() {
  ::close(inotify_);
  ::close(woken_);
}

void FolderWatch::follow(const std::set<std::string>& folders) {
  for (auto watch = watches_.begin(); watch != watches_.end();) {
    if (folders.contains(watch->first)) {
      ++watch;
      continue;
    }
    ::inotify_rm_watch(inotify_, watch->second);
    folders_.erase(watch->second);
    watch = watches_.erase(watch);
  }
  for (const std::string& folder : folders) {
    // Asked again for one that is watched, the kernel gives the same number, or another when the
    // folder is another one now.
    const int watch = ::inotify_add_watch(inotify_, folder.c_str(), interesting);
    if (watch < 0) continue;
    watches_[folder] = watch;
    folders_[watch] = folder;
  }
}

void FolderWatch::read_events(Events& events) {
  alignas(inotify_event) char buffer[16384];
  for (;;) {
    const ssize_t size = ::read(inotify_, buffer, sizeof buffer);
    if (size <= 0) return;
    for (const char* at = buffer; at < buffer + size;) {
      inotify_event event{};
      std::memcpy(&event, at, sizeof event);
      events.is_any = true;
      const auto folder = folders_.find(event.wd);
      if (event.len > 0 && folder != folders_.end() &&
          (event.mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0) {
        events.closed.insert(folder->second + "/" + (at + sizeof event));
      }
      at += sizeof event + event.len;
    }
  }
}

FolderWatch::Events FolderWatch::wait(std::chrono::milliseconds at_most) {
  pollfd waited[] = {{.fd = inotify_, .events = POLLIN, .revents = 0},
                     {.fd = woken_, .events = POLLIN, .revents = 0}};
  Events events;
  if (::poll(waited, std::size(waited), static_cast<int>(at_most.count())) <= 0) return events;
  std::uint64_t count = 0;
  (void)!::read(woken_, &count, sizeof count);
  read_events(events);
  return events;
}

void FolderWatch::wake() noexcept {
  const std::uint64_t one = 1;
  (void)!::write(woken_, &one, sizeof one);
}

}  // namespace paddock::metadata
