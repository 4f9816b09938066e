// SPDX-License-Identifier: Apache-2.0
#include "dnsd/takeover.hpp"

#include "runtime/log.hpp"
#include "runtime/systemd.hpp"
#include "runtime/takeover.hpp"

#include <algorithm>
#include <chrono>

namespace paddock::dnsd {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds patience_of_clients{2};  // most ask again after 5
constexpr std::chrono::milliseconds step{20};

}  // namespace

bool learn_in_time(runtime::Daemon<Options>& daemon, const metadata::Store* cluster) {
  const auto end = steady_clock::now() + patience_of_clients;
  while (cluster != nullptr && !runtime::is_learnt(*cluster) && steady_clock::now() < end) {
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
