// SPDX-License-Identifier: Apache-2.0
#include "paddock/supervise.hpp"

#include "paddock/command.hpp"
#include "paddock/output.hpp"
#include "paddock/process.hpp"
#include "runtime/lifecycle.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>

namespace paddock::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{10'000};
constexpr std::chrono::seconds steady_after{30};  // so long running forgives earlier ends

struct Child {
  const Supervised* what = nullptr;
  std::optional<Process> process;
  steady_clock::time_point started;
  steady_clock::time_point start_again;
  milliseconds pause{first_pause};
};

void start_child(Child& child, const std::filesystem::path& run_folder) {
  child.started = steady_clock::now();
  try {
    child.process = start(child.what->program, child.what->arguments, "");
    child.process->record(run_folder, child.what->name);
    print("paddock: " + child.what->name + " started (pid " + std::to_string(child.process->pid()) +
          ")\n");
  } catch (const Failure& failure) {
    print("paddock: " + std::string(failure.what()) + "\n");
    child.start_again = child.started + child.pause;
    child.pause = std::min(child.pause * 2, longest_pause);
  }
}

void look_after(Child& child, const std::filesystem::path& run_folder) {
  const auto now = steady_clock::now();
  if (child.process && child.process->wait_for_end(milliseconds{0})) {
    child.process.reset();
    if (now - child.started > steady_after) child.pause = first_pause;
    child.start_again = now + child.pause;
    print("paddock: " + child.what->name + " ended, starting it again in " +
          std::to_string(child.pause.count()) + " ms\n");
    child.pause = std::min(child.pause * 2, longest_pause);
  }
  if (!child.process && now >= child.start_again) start_child(child, run_folder);
}

void stop_child(Child& child) {
  if (!child.process) return;
  child.process->signal(SIGTERM);
  if (child.process->wait_for_end(std::chrono::seconds{5})) return;
  print("paddock: " + child.what->name + " does not end, killing it\n");
  child.process->signal(SIGKILL);
  (void)child.process->wait_for_end(std::chrono::seconds{5});
}

}  // namespace

int supervise(const std::vector<Supervised>& children, const std::filesystem::path& run_folder) {
  runtime::Lifecycle lifecycle;
  std::vector<Child> running;
  for (const auto& what : children) {
    running.emplace_back().what = &what;
    start_child(running.back(), run_folder);
  }
  lifecycle.ready("supervising");
  for (;;) {
    const auto wake = lifecycle.wait(milliseconds{200});
    if (wake == runtime::Wake::stop) break;
    for (auto& child : running) {
      if (wake == runtime::Wake::reload && child.process) child.process->signal(SIGHUP);
      look_after(child, run_folder);
    }
    if (wake == runtime::Wake::reload) lifecycle.ready("supervising");
  }
  std::for_each(running.rbegin(), running.rend(), stop_child);
  return exit_done;
}

}  // namespace paddock::cli
