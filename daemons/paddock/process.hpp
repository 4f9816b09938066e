// SPDX-License-Identifier: Apache-2.0
//
// Daemons as processes: found, started detached, remembered in the runtime folder, stopped. A
// process is held by a pidfd, so that a pid that was used again is never mistaken for it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::cli {

class Process {
 public:
  // Nothing when no such process runs.
  [[nodiscard]] static std::optional<Process> find(pid_t pid);
  // The same, but one that has ended and was not waited for is held, too.
  [[nodiscard]] static std::optional<Process> hold(pid_t pid);
  // The process written down in FOLDER/DAEMON.pid, if that very one still runs.
  [[nodiscard]] static std::optional<Process> recorded(const std::filesystem::path& folder,
                                                       std::string_view daemon);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // The file it executes; empty when that may not be known.
  [[nodiscard]] std::filesystem::path executable() const;
  void record(const std::filesystem::path& folder, std::string_view daemon) const;
  // Throws Failure when the right is missing; an ended process is fine.
  void signal(int number) const;
  // True when it ended in time. Reaps it when it is a child of ours.
  [[nodiscard]] bool wait_for_end(std::chrono::milliseconds at_most) const;

 private:
  Process(pid_t pid, int descriptor) : pid_(pid), descriptor_(descriptor) {}
  pid_t pid_ = 0;
  int descriptor_ = -1;
};

// Where paddock-DAEMON is: beside this executable, in ../sbin, or in $PATH. Throws Failure with the
// places looked at.
[[nodiscard]] std::filesystem::path find_binary(std::string_view daemon);

// Runs the program in a session of its own, with /dev/null as its input. Its output is appended to
// `log`, or stays ours when that is empty.
[[nodiscard]] Process start(const std::filesystem::path& program,
                            const std::vector<std::string>& arguments,
                            const std::filesystem::path& log);

// Runs the program to its end and returns its exit status (128 and more: a signal); its output goes
// to `output`.
[[nodiscard]] int run_to_end(const std::filesystem::path& program,
                             const std::vector<std::string>& arguments, std::string& output);

}  // namespace paddock::cli
