// SPDX-License-Identifier: Apache-2.0
//
// The subnets of this host: claimed of the registry, claimed again when a claim got lost, one more
// when they are nearly used up. All of it happens on a thread of its own, ahead of need: no pod
// waits for the registry. What is held is on disk, and stays held while the registry is away.
#pragma once

#include "netd/subnet_registry.hpp"
#include "netd/whole_file.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace paddock::netd {

struct HeldSubnets {
  Subnets subnets;
  // Another host's, or outside of the cluster's network now: pods keep their addresses, new ones
  // get none here. It is let go when its last pod has gone.
  bool is_closed = false;

  friend bool operator==(const HeldSubnets&, const HeldSubnets&) = default;
};

// Any thread, but for start() and the destructor.
class HostSubnets {
 public:
  // Whether pods have addresses of the subnet, or had a short while ago; called from another thread
  // once start() was called.
  using HasPods = std::function<bool(const net::Prefix& subnet)>;

  // Reads the state file, when there is one. `changed` is called from another thread when held()
  // is new.
  HostSubnets(SubnetRegistry& registry, std::string state_file, HasPods has_pods,
              std::function<void()> changed);
  ~HostSubnets();
  HostSubnets(const HostSubnets&) = delete;
  HostSubnets& operator=(const HostSubnets&) = delete;

  // What this host had under another daemon: claimed first, if it is free. Before start().
  void prefer(const Subnets& former) { former_ = former; }
  void start();
  // Something is new in the registry, or with this host.
  void wake();

  [[nodiscard]] std::vector<HeldSubnets> held() const;
  // What is held is nearly used up, or not any more.
  void set_nearly_full(bool nearly_full);
  // Why there is no (further) subnet, or why one was closed; empty: all is well.
  [[nodiscard]] std::string trouble() const;

 private:
  void run();
  void agree(const SubnetView& view);
  void adopt(const SubnetView& view);
  void defend(const SubnetView& view, HeldSubnets& held);
  [[nodiscard]] bool is_over(const HeldSubnets& held) const;
  void acquire(const SubnetView& view);
  [[nodiscard]] std::vector<Subnets> candidates(const SubnetView& view);
  void hold(const Subnets& subnets);
  void set_trouble(const std::string& text);
  void load();
  void save();

  SubnetRegistry& registry_;
  const std::string state_file_;
  KeptFile state_;
  const HasPods has_pods_;
  const std::function<void()> changed_;
  std::mt19937 chance_;
  std::optional<Subnets> former_;

  mutable std::mutex mutex_;  // all below; never held over I/O
  std::condition_variable wake_;
  std::vector<HeldSubnets> held_;  // changed by the thread only
  std::string trouble_;
  std::string conflict_;
  bool is_nearly_full_ = false;
  bool is_woken_ = false;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace paddock::netd
