// SPDX-License-Identifier: Apache-2.0
//
// Peers on their way to the overlay: the newest state of each that changed, so that a burst of
// changes costs what it changes and nothing queues up.
#pragma once

#include "netd/subnet_registry.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace paddock::netd {

// Any thread.
class PeerQueue {
 public:
  void put(net::Peer peer) {
    const std::lock_guard lock(mutex_);
    auto name = peer.host;
    changed_[std::move(name)] = std::move(peer);
  }
  void remove(const std::string& host) {
    const std::lock_guard lock(mutex_);
    changed_[host] = std::nullopt;
  }
  // These are all.
  void replace(std::vector<net::Peer> peers) {
    const std::lock_guard lock(mutex_);
    changed_.clear();
    is_whole_ = true;
    for (auto& peer : peers) {
      auto name = peer.host;
      changed_[std::move(name)] = std::move(peer);
    }
  }

  [[nodiscard]] PeerChanges take() {
    const std::lock_guard lock(mutex_);
    PeerChanges changes;
    changes.is_whole = std::exchange(is_whole_, false);
    for (auto& [host, peer] : changed_) {
      if (peer)
        changes.put.push_back(std::move(*peer));
      else
        changes.gone.push_back(host);
    }
    changed_.clear();
    return changes;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::optional<net::Peer>> changed_;  // absent: gone
  bool is_whole_ = false;
};

}  // namespace paddock::netd
