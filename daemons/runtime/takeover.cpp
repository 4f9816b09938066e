// SPDX-License-Identifier: Apache-2.0
#include "runtime/takeover.hpp"

#include "runtime/log.hpp"

#include <signal.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace paddock::runtime {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds to_learn{60};
constexpr std::chrono::seconds to_end{10};
constexpr std::chrono::milliseconds step{20};

using Place = FolderLock::Place;

Predecessor holder_but_self(const std::filesystem::path& folder, Place place) {
  const auto holder = FolderLock::holder(folder, place);
  return holder && !holder->is_self ? holder : std::nullopt;
}

// False when this process is told to stop before it has ended.
bool end_process(Lifecycle& daemon, const FolderLock::Holder& predecessor,
                 const std::filesystem::path& folder) {
  (void)::kill(predecessor.pid, SIGTERM);  // it may have ended by itself
  const auto last = steady_clock::now() + to_end;
  const auto has = [&](Place place) {
    const auto holder = FolderLock::holder(folder, place);
    return holder && holder->pid == predecessor.pid;
  };
  while (has(Place::next) || has(Place::holder)) {
    if (steady_clock::now() > last) {
      throw std::runtime_error("--replace: process " + std::to_string(predecessor.pid) +
                               " does not end; see what it is busy with");
    }
    if (daemon.wait(step) == Wake::stop) return false;
  }
  return true;
}

}  // namespace

// In this order: who is next takes the folder before he gives up his place.
Predecessor find_predecessor(bool replace, const std::filesystem::path& folder) {
  if (!replace) return std::nullopt;
  auto next = holder_but_self(folder, Place::next);
  return next ? next : holder_but_self(folder, Place::holder);
}

Succession::Succession(const Predecessor& predecessor, std::filesystem::path folder)
    : folder_(std::move(folder)), is_under_way_(predecessor.has_value()) {
  tend();
}

void Succession::tend() {
  if (!is_under_way_) return;
  const auto holder = FolderLock::holder(folder_);
  if (holder && holder->is_self) {
    place_.reset();
    is_under_way_ = false;
  } else if (!place_) {
    if (auto free = FolderLock::take_if_free(folder_, Place::next))
      place_.emplace(std::move(*free));
  }
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
  for (auto one = predecessor; one; one = find_predecessor(true, folder)) {
    log::info("takes over", {{"process", one->pid}, {"is_near", one->is_near}});
    if (!one->is_near) return true;
    if (!end_process(daemon, *one, folder)) return false;
  }
  return true;
}

}  // namespace paddock::runtime
