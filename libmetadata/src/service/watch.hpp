// SPDX-License-Identifier: Apache-2.0
//
// The stream of docs/stream-api.md. What leads from one snapshot to the next is encoded once, in
// pieces that all readers of one part share. A reader is a place among the pieces; one that is so
// slow that its place is gone is sent the newest state of what has changed since: nothing queues
// for it.
#pragma once

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/http_server.hpp>
#include <paddock/metadata/part.hpp>
#include <paddock/metadata/store.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace paddock::metadata::service {

// The watchers of one part of a service's cluster, and what they share. Belongs to the server's
// thread.
class Watchers {
 public:
  using Clock = std::chrono::steady_clock;

  struct Piece {
    std::shared_ptr<const std::string> text;
    std::uint64_t revision = 0;  // of the last bookmark in it or before it
  };
  // What has changed since a revision, for those who come back and those who fell behind.
  struct Missed {
    std::uint64_t since = 0;
    std::vector<Change> changes;  // by growing revision, each object once
    Cluster::Stamp stamp;         // up to where
    std::uint64_t next = 0;       // the piece that follows
  };

  explicit Watchers(const Store& store, Part part = Part::all) : store_(store), part_(part) {}

  // Makes pieces of what is new, unless the last were made a moment ago: the more changes, the
  // more of them go together. With Pace::now always.
  enum class Pace { steady, now };
  void advance(Pace pace = Pace::steady);
  // When there will be more, as far as is known.
  [[nodiscard]] Clock::time_point due() const;

  // What the pieces made so far lead to. Null while nothing is known.
  [[nodiscard]] const std::shared_ptr<const Cluster>& cluster() const { return cluster_; }
  // The number of the next piece to be made.
  [[nodiscard]] std::uint64_t end() const { return first_ + pieces_.size(); }
  // Null: not made yet, or no longer kept.
  [[nodiscard]] const Piece* piece(std::uint64_t number) const;

  // Null when that is not known any more, or is of another store. `number` is the place of a
  // reader that had it; absent: it comes with a revision of cluster()'s store.
  [[nodiscard]] std::shared_ptr<const Missed> missed(std::uint64_t since,
                                                     std::optional<std::uint64_t> number = {});
  // What differs, as an event, if it is in the part. A deletion is of `revision`.
  void append(std::string& text, const Difference& difference, std::uint64_t revision) const;
  // The same of the newest state of what changed.
  void append_change(std::string& text, const Change& change) const;

  void add(ConnectionId id) { ids_.insert(id); }
  void remove(ConnectionId id);
  // Where nobody reads, lets go of what readers share: an old state is nobody's to keep.
  void rest();
  [[nodiscard]] const std::set<ConnectionId>& ids() const { return ids_; }

 private:
  void encode(const Cluster& from, const Cluster& to);
  void forget_pieces();

  const Store& store_;
  const Part part_;
  std::set<ConnectionId> ids_;
  std::shared_ptr<const Cluster> cluster_;
  std::deque<Piece> pieces_;
  std::size_t bytes_ = 0;        // of the pieces
  std::uint64_t first_ = 0;      // number of pieces_.front()
  std::uint64_t of_store_ = 0;   // places before this one are of another store
  Clock::time_point next_turn_;  // of making pieces
  std::shared_ptr<const Missed> missed_;
  Clock::time_point missed_at_;
};

struct WatchStart {
  ConnectionId connection = 0;
  std::chrono::seconds heartbeat{5};
  std::shared_ptr<const Watchers::Missed> missed;  // resuming; null: begin with the whole state
};

// Begins at watchers.cluster(), which must be there. `watchers` must outlive the stream.
[[nodiscard]] std::unique_ptr<ChunkSource> watch(Watchers& watchers, WatchStart start);

}  // namespace paddock::metadata::service
