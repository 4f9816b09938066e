// SPDX-License-Identifier: Apache-2.0
//
// paddock-netd: gives the pods of this host their addresses and links.
#include "netd/host_claim.hpp"
#include "netd/installation.hpp"
#include "netd/options.hpp"
#include "netd/service.hpp"
#include "runtime/daemon.hpp"
#include "runtime/takeover.hpp"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

namespace {

using namespace paddock;

// A moment later rather than earlier, and never more than a second.
std::chrono::milliseconds pause_until(std::chrono::steady_clock::time_point due) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(due - std::chrono::steady_clock::now());
  return std::clamp(left, milliseconds{1}, milliseconds{1000});
}

// Two cannot look after one kernel: until the predecessor has ended, this one only counts as ready,
// so that whoever runs the two ends him. False when this process is told to stop before.
bool stand_by(runtime::Daemon<netd::Options>& daemon) {
  if (!daemon.options().replace || !netd::HostClaim::is_taken()) return true;
  const runtime::Admin admin(
      daemon.name(), runtime::admin_places(daemon.options()), daemon,
      {.status =
           [] {
             return runtime::Status{
                 .ready = true, .summary = "stands by until another netd ends", .problems = {}};
           },
       .metrics = [](auto&) {}});
  daemon.ready("standing by");
  // It takes its folder after the host, and gives it back before.
  const std::filesystem::path folder = daemon.options().state_dir;
  runtime::Predecessor predecessor;
  while (netd::HostClaim::is_taken()) {
    if (!predecessor && (predecessor = runtime::find_predecessor(true, folder)) &&
        !runtime::succeed(daemon, predecessor, folder)) {
      return false;
    }
    if (daemon.wait(std::chrono::milliseconds(20)) == runtime::Wake::stop) return false;
  }
  return true;
}

void serve(runtime::Daemon<netd::Options>& daemon) {
  const auto& options = daemon.options();
  if (options.purge) {
    for (const auto& line : netd::purge(options)) std::printf("%s\n", line.c_str());
    return;
  }
  runtime::make_directory(options.state_dir, 0700);
  if (!stand_by(daemon)) return;
  netd::Installation installation(options);
  netd::make_kernel_settings_writable();
  netd::Service service(options, [&daemon] { daemon.nudge(); });
  const runtime::Admin admin(daemon.name(), runtime::admin_places(options), daemon,
                             {.status = [&] { return service.status(); },
                              .metrics = [&](auto& out) { service.metrics(out); },
                              .own = [&](auto path) { return service.page(path); }});
  if (installation.is_due()) installation.tend(service.status().ready);
  daemon.ready(service.summary());
  for (;;) {
    const auto wake = daemon.wait(pause_until(service.due()));
    if (wake == runtime::Wake::stop) return;
    if (wake == runtime::Wake::reload) {
      if (daemon.reload()) service.reload(daemon.options());
      daemon.ready(service.summary());
    }
    service.maintain();
    if (installation.is_due()) installation.tend(service.status().ready);
  }
}

// Thousands of peers are read at once, and little of what that takes is kept. By itself glibc has a
// heap for each thread, and raises its thresholds to the largest it ever saw: twice the memory.
void keep_little_memory() {
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_MMAP_THRESHOLD, 128 << 10);
  ::mallopt(M_TRIM_THRESHOLD, 128 << 10);
}

}  // namespace

int main(int argc, char** argv) {
  keep_little_memory();
  return paddock::runtime::run<paddock::netd::Options>(
      argc, argv, "netd", "Gives the pods of this host their addresses and links.",
      paddock::netd::describe, serve);
}
