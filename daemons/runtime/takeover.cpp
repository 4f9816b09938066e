// SPDX-License-Identifier: Apache-2.0
#include "runtime/takeover.hpp"

#include "runtime/log.hpp"

#include <signal.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace paddock::runtime {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds to_learn{60};
constexpr std::chrono::seconds to_end{10};
constexpr std::chrono::milliseconds step{20};

}  // namespace

Predecessor find_predecessor(bool replace, const std::filesystem::path& folder) {
  return replace ? FolderLock::holder(folder) : std::nullopt;
}

bool is_learnt(const metadata::Store& cluster) {
  return cluster.health().is_connected && cluster.cluster() != nullptr;
}

bool learn(Lifecycle& daemon, const metadata::Store* cluster, const Predecessor& predecessor) {
  const auto end = steady_clock::now() + to_learn;
  while (predecessor && cluster != nullptr && !is_learnt(*cluster)) {
    if (steady_clock::now() > end) {
      throw std::runtime_error("--replace: nothing was learnt of the cluster; process " +
                               std::to_string(predecessor->pid) + " goes on. See to " +
                               cluster->source() + ", then try again");
    }
    if (daemon.wait(step) == Wake::stop) return false;
  }
  return true;
}

bool succeed(Lifecycle& daemon, const Predecessor& predecessor,
             const std::filesystem::path& folder) {
  if (!predecessor) return true;
  log::info("takes over", {{"process", predecessor->pid}, {"is_near", predecessor->is_near}});
  if (!predecessor->is_near) return true;
  (void)::kill(predecessor->pid, SIGTERM);  // it may have ended by itself
  const auto end = steady_clock::now() + to_end;
  const auto is_there = [&] {
    const auto holder = FolderLock::holder(folder);
    return holder && holder->pid == predecessor->pid;
  };
  while (is_there()) {
    if (steady_clock::now() > end) {
      throw std::runtime_error("--replace: process " + std::to_string(predecessor->pid) +
                               " does not end; see what it is busy with");
    }
    if (daemon.wait(step) == Wake::stop) return false;
  }
  return true;
}

}  // namespace paddock::runtime
