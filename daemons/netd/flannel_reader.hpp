// SPDX-License-Identifier: Apache-2.0
//
// What flannel's etcd says: read whole, then watched by a thread of its own, and kept in a file for
// a start without etcd. Which of the keys are this host's is known here, too.
#pragma once

#include "netd/flannel_registry.hpp"
#include "netd/flannel_table.hpp"
#include "netd/peer_queue.hpp"

#include <paddock/metadata/etcd.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace paddock::netd {

// Any thread, but for start(), stop() and the destructor.
class FlannelReader {
 public:
  explicit FlannelReader(const FlannelOptions& options);
  ~FlannelReader() { stop(); }
  FlannelReader(const FlannelReader&) = delete;
  FlannelReader& operator=(const FlannelReader&) = delete;

  void start(std::function<void()> changed);
  void stop();

  // As SubnetRegistry has them.
  [[nodiscard]] std::shared_ptr<const SubnetView> view() const;
  [[nodiscard]] std::optional<net::OverlaySettings> settings(net::OverlaySettings options) const;
  [[nodiscard]] PeerChanges peer_changes() { return peers_.take(); }
  void publish(const net::Peer& self);
  [[nodiscard]] std::string trouble() const;

  // Below this stand the names of keys.
  [[nodiscard]] const std::string& subnets_prefix() const { return subnets_prefix_; }
  // What the keys of this host must say; empty while it is not known how it is reached.
  [[nodiscard]] std::string own_value() const;
  // The keys of this host, by name; none while etcd is away.
  [[nodiscard]] std::map<std::string, FlannelTable::Entry> own_entries() const;
  // This host has made the key, or found it to be its own; the watch may take a moment.
  void add_own(const std::string& name, const FlannelTable::Entry& entry);
  // Writes the file when there is news, but not more often than every few seconds, and later while
  // more comes: with thousands of hosts it is a megabyte.
  void save();

 private:
  void remember();
  void run(const std::stop_token& stopping);
  [[nodiscard]] metadata::Result<void> read_all();
  [[nodiscard]] metadata::Result<void> follow(const std::stop_token& stopping);
  void note(const metadata::etcd::Notice& notice);
  [[nodiscard]] std::vector<net::Peer> other_hosts() const;
  void touch(const std::set<std::string>& hosts);  // mutex_ is held
  void set_trouble(const std::string& text);
  [[nodiscard]] bool is_ours(const std::string& name, const FlannelTable::Entry& entry) const;

  const FlannelOptions options_;
  const std::string subnets_prefix_;
  metadata::etcd::Client client_;

  mutable std::mutex mutex_;  // all below, never held over I/O
  std::condition_variable pause_;
  mutable std::weak_ptr<const SubnetView> view_;  // of the rest, while somebody reads it
  FlannelTable table_;
  std::optional<net::flannel::NetworkConfig> config_;
  std::optional<net::flannel::HostRecord> self_;
  std::string self_host_;                    // its name
  std::map<std::string, std::int64_t> own_;  // keys that are this host's, and when created
  bool is_current_ = false;
  std::string trouble_ = "etcd was not reached yet";
  std::int64_t revision_ = 0;
  std::uint64_t cluster_ = 0;
  std::string config_text_;
  bool is_saved_ = true;
  std::chrono::steady_clock::time_point saved_{};
  std::chrono::steady_clock::time_point noted_{};  // the latest change

  PeerQueue peers_;
  std::function<void()> changed_;
  std::jthread thread_;
};

}  // namespace paddock::netd
