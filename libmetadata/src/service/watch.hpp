// SPDX-License-Identifier: Apache-2.0
//
// The stream of docs/stream-api.md to one reader. A watcher holds the snapshot its reader has
// and, when the reader can take more, sends what differs from the newest one: nothing queues, and
// whoever is slow skips states. Readers that are equally far share one encoded text.
#pragma once

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/http_server.hpp>
#include <paddock/metadata/store.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace paddock::metadata::service {

// The watchers of one service, and what they share. Belongs to the server's thread.
class Watchers {
 public:
  explicit Watchers(const Store& store) : store_(store) {}

  // The newest snapshot, never null once it was not.
  [[nodiscard]] std::shared_ptr<const Cluster> newest() const { return store_.cluster(); }

  // The events that lead from one snapshot to the next, with the bookmark, when they are few;
  // null when they are many. The last answer is kept.
  [[nodiscard]] std::shared_ptr<const std::string> few_events(
      const std::shared_ptr<const Cluster>& from, const std::shared_ptr<const Cluster>& to);

  void add(ConnectionId id) { ids_.insert(id); }
  void remove(ConnectionId id) { ids_.erase(id); }
  [[nodiscard]] const std::set<ConnectionId>& ids() const { return ids_; }

 private:
  const Store& store_;
  std::set<ConnectionId> ids_;
  std::shared_ptr<const Cluster> from_;
  std::shared_ptr<const Cluster> to_;
  std::shared_ptr<const std::string> events_;
};

struct WatchStart {
  ConnectionId connection = 0;
  std::chrono::seconds heartbeat{5};
  std::shared_ptr<const Cluster> cluster;  // the newest
  // Resuming: what has changed since that revision. Absent: begin with the whole state.
  std::optional<std::uint64_t> since;
  std::vector<Change> changes;
};

// `watchers` must outlive the stream.
[[nodiscard]] std::unique_ptr<ChunkSource> watch(Watchers& watchers, WatchStart start);

}  // namespace paddock::metadata::service
