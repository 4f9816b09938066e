// SPDX-License-Identifier: Apache-2.0
#include "dnsd/takeover.hpp"

#include "runtime/log.hpp"
#include "runtime/systemd.hpp"
#include "runtime/takeover.hpp"

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

}  // namespace paddock::dnsd
