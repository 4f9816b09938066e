// SPDX-License-Identifier: Apache-2.0
//
// Tells when something in some folders has changed (inotify(7)). For one thread, but for wake().
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>

namespace paddock::metadata {

class FolderWatch {
 public:
  // Throws std::system_error when the kernel has no watch left to give.
  FolderWatch();
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  // These and no others from now on. A folder that cannot be watched is passed over.
  void follow(const std::set<std::string>& folders);

  struct Events {
    bool is_any = false;
    std::set<std::string>
        closed;  // paths of files that are whole: closed by their writer, or moved
  };
  // What has happened, at the latest after `at_most`; at once after wake().
  [[nodiscard]] Events wait(std::chrono::milliseconds at_most);
  void wake() noexcept;

 private:
  void read_events(Events& events);
  int inotify_ = -1;
  int woken_ = -1;
  std::map<std::string, int> watches_;
  std::map<int, std::string> folders_;
};

}  // namespace paddock::metadata
