// SPDX-License-Identifier: Apache-2.0
//
// Follows a metadatad's stream (docs/stream-api.md) and hands out the newest whole Cluster. The
// last state is kept always: while the stream is away, across restarts (a file), and while a new
// initial state arrives. Latest wins: a slow reader skips states, nothing queues.
#pragma once

#include <paddock/metadata/access.hpp>
#include <paddock/metadata/error.hpp>
#include <paddock/metadata/part.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace paddock::metadata {

class Cluster;

// Called on the follower's threads; each may be empty.
struct FollowerEvents {
  std::function<void()> connected;  // up to date with the server: the first bookmark came
  std::function<void(const Error& why)> lost;          // once per loss, and once if never connected
  std::function<void(const Error& why)> restarted;     // the whole state is read again
  std::function<void(const Error& why)> broken_event;  // an object was left out; says which
  std::function<void(const Error& why)> snapshot_ignored;  // the file is torn or not ours
  std::function<void(const Error& why)> snapshot_failed;   // not written: disk full, no right
  std::function<void(const std::shared_ptr<const Cluster>&)> published;
};

struct FollowerOptions {
  std::string server = "unix:/run/paddock/metadata.sock";  // as for Client
  Access access;
  Reduction reduction;        // cluster() has what it keeps
  std::string snapshot_file;  // kept between runs; empty: none
  // Asked of the server in whole seconds, from 1 to 60; three missed: reconnect.
  std::chrono::milliseconds heartbeat{5000};
  std::chrono::milliseconds shortest_retry{100};
  std::chrono::milliseconds longest_retry{5000};
  // From a change to the file; longer where saving takes long, so that it costs 2 % at the most.
  std::chrono::milliseconds save_after{500};
  FollowerEvents events;
};

struct FollowerStatus {
  bool is_connected = false;  // and past the first bookmark
  std::uint64_t revision = 0;
  std::int64_t stale_since = 0;   // Unix ms: since when the state may be old; 0: it is not
  std::uint64_t connections = 0;  // made so far
  std::string last_error;         // of the last loss; empty: none
};

class PADDOCK_METADATA_EXPORT Follower {
 public:
  // Reads the snapshot file, if any; cluster() has its state from then on, stale.
  explicit Follower(FollowerOptions options);
  // stop().
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Connects and follows, on a thread of its own; another one writes the file. Once.
  void start();
  // Ends the threads, writes the snapshot file if it is behind, wakes every next(). Idempotent.
  void stop();

  // The newest state; null while nothing was ever known. Any thread.
  [[nodiscard]] std::shared_ptr<const Cluster> cluster() const;
  // Waits for a state other than `seen` and returns the newest; null at the deadline or at stop().
  [[nodiscard]] std::shared_ptr<const Cluster> next(
      const std::shared_ptr<const Cluster>& seen,
      std::chrono::steady_clock::time_point deadline =
          std::chrono::steady_clock::time_point::max()) const;
  [[nodiscard]] FollowerStatus status() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace paddock::metadata
