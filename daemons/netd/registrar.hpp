// SPDX-License-Identifier: Apache-2.0
//
// Keeps the registry of metadatad in agreement with the pods attached here: at once when a pod
// comes or goes, and again from the whole state whenever the two were found to differ, be it that
// metadatad was away, lost its data, or somebody else wrote.
#pragma once

#include "netd/registered_pods.hpp"
#include "netd/registry.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace paddock::netd {

// Any thread, but for start() and the destructor.
class Registrar {
 public:
  Registrar(std::shared_ptr<Registry> registry, HostFacts host);
  ~Registrar();
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;

  // Takes over the pods there are and begins to follow the registry.
  void start(const std::vector<net::Lease>& leases);

  // Tries at once, for a moment; what fails is done as soon as metadatad is there.
  void attached(const net::Lease& lease);
  void detached(const net::Lease& lease);

  // This host has other subnets, or is reached in another way, than was said.
  void set_host(std::vector<net::Prefix> subnets, std::map<std::string, std::string> annotations);

  // What the registry has of this host; null as below.
  [[nodiscard]] std::shared_ptr<const metadata::Host> host() const;
  // What the registry has under that key; null when it has none, or was never reached.
  [[nodiscard]] std::shared_ptr<const metadata::Pod> find(const metadata::Key& key) const;

  struct Status {
    bool is_connected = false;
    bool is_behind = false;  // something could not be written yet
    std::string last_error;
    std::size_t refused = 0;  // objects that the registry will never take as they are
    std::string refusal;      // of one of them
    std::uint64_t writes = 0;
    std::uint64_t failures = 0;
  };
  [[nodiscard]] Status status() const;

 private:
  using Attachments = std::vector<net::Lease>;  // of one pod, in the order they were made

  void run();
  void agree(const metadata::Cluster& cluster);
  // The present object of the pod, written or removed as its attachments demand.
  void write_pod(const metadata::Key& key, const metadata::Cluster* cluster);
  void write_host(const metadata::Cluster& cluster, const HostFacts& facts);
  // What the registry will never take is not tried over and over.
  void note(const metadata::Key& key, const Registry::Answer& answer);
  // True when an immediate try would only cost time; it is then left to run(). mutex_ is held.
  bool is_quiet();

  const std::string host_name_;
  const std::shared_ptr<Registry> registry_;

  mutable std::mutex mutex_;  // the five below: requests come on many threads; never held over I/O
  HostFacts host_;
  std::map<metadata::Key, Attachments> wanted_;
  std::string last_error_;
  std::map<metadata::Key, std::string> refused_;
  std::chrono::steady_clock::time_point quiet_until_{};  // no immediate tries before

  // Of the thread: what was said to which store.
  std::string store_;
  bool has_told_host_ = false;
  bool host_is_foreign_ = false;  // the registry has it from elsewhere, and takes nothing of ours

  std::atomic<bool> pods_are_foreign_{false};
  std::atomic<bool> behind_{true};
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> writes_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::thread thread_;
};

}  // namespace paddock::netd
