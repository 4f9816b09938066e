// SPDX-License-Identifier: Apache-2.0
//
// netd at work: the host's network, its pods, the plugin's socket and the registry, put together
// in the order in which they need one another.
#pragma once

#include "netd/host_claim.hpp"
#include "netd/host_overlay.hpp"
#include "netd/host_subnets.hpp"
#include "netd/options.hpp"
#include "netd/peer_probes.hpp"
#include "netd/registrar.hpp"
#include "netd/subnet_registry.hpp"
#include "netd/whole_file.hpp"
#include "runtime/admin.hpp"
#include "runtime/metrics.hpp"

#include <paddock/net/host_network.hpp>
#include <paddock/net/plugin_server.hpp>
#include <paddock/net/pod_network.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace paddock::netd {

// maintain() and reload() belong to the control thread, the rest to anybody.
class Service {
 public:
  // Answers plugins when it returns. `wake` is called when the kernel changed under us, from
  // another thread. Throws a sentence when it cannot work.
  Service(const Options& options, std::function<void()> wake);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Makes host and pods what they should be, if it is time: what changed after a wake, and all of
  // it each minute.
  void maintain();
  // When maintain() has something to do if nothing wakes it.
  [[nodiscard]] std::chrono::steady_clock::time_point due() const;
  void reload(const Options& options);

  [[nodiscard]] std::string summary() const;
  [[nodiscard]] runtime::Status status() const;
  void metrics(runtime::MetricsText& out) const;
  // /pods/NAMESPACE/NAME: what record, kernel and registry say of a pod, and what was repaired.
  // /peers: the other hosts, and how they are reached. /paths/…: where a packet would stop.
  [[nodiscard]] std::optional<std::string> page(std::string_view path) const;

 private:
  static constexpr std::size_t commands = 6;
  struct Counters {
    std::array<std::atomic<std::uint64_t>, commands> answered{};
    std::array<std::atomic<std::uint64_t>, commands> failed{};
    std::array<runtime::LatencyHistogram, commands> latency;
    std::atomic<std::uint64_t> invalid{0};
    std::atomic<std::uint64_t> repairs{0};
  };

  net::HostPlan open_registries();
  void open_overlay();
  void start_following();
  void stop_following();
  // The control thread's part: what the two have found out becomes the host's.
  void follow_subnets();
  void take_in(const HeldSubnets& held);
  void let_go(const HeldSubnets& gone);
  void note_taken_in(std::vector<HeldSubnets> held);
  [[nodiscard]] bool has_pods(const net::Prefix& subnet) const;
  void write_subnet_file();
  void write_reach_file();
  void tell_host();
  [[nodiscard]] std::string subnet_trouble() const;
  void start_probes();
  [[nodiscard]] std::map<std::string, ProbedPeer> probed_peers() const;
  void add_way(std::vector<net::PathStep>& steps, const net::IpAddress& address,
               const std::optional<net::PathOrigin>& origin) const;
  void add_peer_problems(std::vector<runtime::Problem>& problems) const;
  void add_mtu_problem(std::vector<runtime::Problem>& problems) const;
  void peer_metrics(runtime::MetricsText& out) const;
  [[nodiscard]] std::string peers_page() const;
  [[nodiscard]] std::optional<std::string> path_page(std::string_view path) const;

  net::PodNetworkOptions pod_options(const Options& options);
  [[nodiscard]] std::uint32_t mtu_of(const Options& options);
  net::PluginAnswer answer(const net::PluginCall& call);
  std::optional<net::cni::Failure> trouble() const;
  void watch_kernel();
  void note_repair(const std::string& what);

  HostClaim claim_;  // before anything is changed
  std::function<void()> wake_;
  Options options_;  // as started; its subnets are those held
  net::NetworkNamespace host_;
  std::unique_ptr<Registrar> registrar_;             // null without a registry
  std::unique_ptr<SubnetRegistry> subnet_registry_;  // null without other hosts
  std::unique_ptr<HostSubnets> subnets_;             // null with fixed ones
  std::unique_ptr<HostOverlay> overlay_;
  std::unique_ptr<PeerProbes> probes_;  // null without other hosts, or when they are not wanted
  std::vector<HeldSubnets> taken_in_;
  std::atomic<bool> has_open_subnet_{false};  // among those, so that addresses can be given out
  std::atomic<std::uint32_t> pod_mtu_{0};     // told to pods_
  KeptFile subnet_file_;
  KeptFile reach_file_;
  std::chrono::steady_clock::time_point reach_looked_at_{};
  net::HostPlan plan_;
  net::HostNetwork network_;
  mutable std::mutex mutex_;  // the four below: written by requests and the watcher, read by pages
  net::KernelChange happened_;
  std::optional<net::Peer> self_;  // new, and not told to the registry yet
  std::string trouble_;
  struct Repair {
    std::chrono::system_clock::time_point when;
    std::string what;
  };
  std::deque<Repair> repairs_;                          // the last ones
  net::KernelChange change_;                            // to be looked after
  std::chrono::steady_clock::time_point maintained_{};  // all of it
  std::chrono::steady_clock::time_point looked_{};      // at anything
  std::chrono::steady_clock::duration took_{};          // the last look at the kernel
  Counters counters_;
  std::unique_ptr<net::PodNetwork> pods_;
  std::unique_ptr<net::PluginServer> server_;
  net::KernelWatch kernel_;
  int stop_ = -1;  // an eventfd that ends watcher_
  std::thread watcher_;
};

// Takes away what netd has made on this host, leases included. Returns sentences about what went.
std::vector<std::string> purge(const Options& options);

}  // namespace paddock::netd
