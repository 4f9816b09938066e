// SPDX-License-Identifier: Apache-2.0
#include "dnsd/takeover.hpp"

#include "runtime/directories.hpp"
#include "runtime/log.hpp"
#include "runtime/systemd.hpp"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>

namespace paddock::dnsd {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds to_learn{60};
constexpr std::chrono::seconds to_end{10};
constexpr std::chrono::seconds patience_of_clients{2};  // most ask again after 5
constexpr std::chrono::milliseconds step{20};

// What the last process left on disk is not enough: it may be older than what clients were told.
bool is_learnt(const metadata::Store& cluster) {
  return cluster.health().is_connected && cluster.cluster() != nullptr;
}

}  // namespace

pid_t predecessor(const Options& options) {
  return options.replace ? runtime::FolderLock::holder(options.state_dir) : 0;
}

bool learn(runtime::Daemon<Options>& daemon, const metadata::Store* cluster, pid_t predecessor) {
  const auto end = steady_clock::now() + to_learn;
  while (cluster != nullptr && !is_learnt(*cluster)) {
    if (steady_clock::now() > end) {
      throw std::runtime_error("--replace: nothing was learnt of the cluster; process " +
                               std::to_string(predecessor) + " goes on. See to " +
                               cluster->source() + ", then try again");
    }
    if (daemon.wait(step) == runtime::Wake::stop) return false;
  }
  return true;
}

bool learn_in_time(runtime::Daemon<Options>& daemon, const metadata::Store* cluster) {
  const auto end = steady_clock::now() + patience_of_clients;
  while (cluster != nullptr && !is_learnt(*cluster) && steady_clock::now() < end) {
    if (daemon.wait(step) == runtime::Wake::stop) return false;
  }
  return true;
}

bool succeed(runtime::Daemon<Options>& daemon, pid_t predecessor) {
  runtime::log::info("takes over", {{"process", predecessor}});
  (void)::kill(predecessor, SIGTERM);  // it may have ended by itself
  const auto& folder = daemon.options().state_dir;
  const auto end = steady_clock::now() + to_end;
  while (runtime::FolderLock::holder(folder) == predecessor) {
    if (steady_clock::now() > end) {
      throw std::runtime_error("--replace: process " + std::to_string(predecessor) +
                               " does not end; see what it is busy with");
    }
    if (daemon.wait(step) == runtime::Wake::stop) return false;
  }
  return true;
}

dns::ServerOptions inheriting(dns::ServerOptions options, const std::vector<int>& passed) {
  options.inherited = passed;
  options.hands_sockets_on = runtime::has_service_manager();
  return options;
}

void leave_sockets(const dns::Server& server, const std::vector<int>& passed) {
  const auto sockets = server.sockets();
  const auto is_used = [&](int socket) {
    return std::ranges::find(sockets, socket) != sockets.end();
  };
  // Copies of what nobody reads would go on taking clients' queries.
  if (!std::ranges::all_of(passed, is_used)) runtime::forget_sockets();
  runtime::keep_sockets(sockets);
  if (!passed.empty()) runtime::log::info("goes on with the sockets of the process before");
}

}  // namespace paddock::dnsd
