// SPDX-License-Identifier: Apache-2.0
//
// Asks the kernels of other hosts, one small packet after the other, whether the way there and back
// is open; now and then one as large as pods may send, which tells an MTU that is too large. At
// most a hundred packets a second, however many hosts there are.
#pragma once

#include <paddock/net/namespace.hpp>
#include <paddock/net/overlay.hpp>
#include <paddock/net/path_probe.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace paddock::netd {

// What is asked of one host.
struct ProbeTarget {
  std::string host;
  net::IpAddress address;           // that answers at the end of the way pods' packets take
  net::IpAddress underlay;          // by which they go there
  std::uint32_t pod_mtu = 0;        // the largest packet of a pod
  std::uint32_t underlay_need = 0;  // what becomes of that on the underlay
};

// Absent when there is no path to the peer.
[[nodiscard]] std::optional<ProbeTarget> probe_target(const net::Peer& self, std::uint32_t pod_mtu,
                                                      const net::PeerStatus& status);

// What was found out of one host.
struct ProbedPeer {
  std::chrono::nanoseconds latency{};                // of the last answer
  std::chrono::system_clock::time_point answered{};  // the epoch: never
  unsigned missed = 0;                               // small packets since then
  unsigned large_lost = 0;      // large ones in a row, while small ones came back
  std::uint32_t known_mtu = 0;  // of the underlay, as this host knows it; 0: not known
  std::uint32_t pod_mtu = 0;    // what was asked for
  std::uint32_t underlay_need = 0;

  [[nodiscard]] bool answers() const { return missed == 0 && answered.time_since_epoch().count(); }
  // What is wrong with its MTU and what helps, as a sentence; empty: nothing known.
  [[nodiscard]] std::string size_trouble() const;
};

// It answered once, and does not any more.
[[nodiscard]] bool is_silent(const ProbedPeer& peer);
// "it has not answered for 40 s"
[[nodiscard]] std::string silence_text(const ProbedPeer& peer);
// "0.21 ms"
[[nodiscard]] std::string latency_text(std::chrono::nanoseconds latency);

// Any thread, but for the destructor.
class PeerProbes {
 public:
  using Targets = std::function<std::vector<ProbeTarget>()>;
  // Throws std::system_error when raw sockets are refused.
  PeerProbes(const net::NetworkNamespace& host, Targets targets);
  ~PeerProbes();
  PeerProbes(const PeerProbes&) = delete;
  PeerProbes& operator=(const PeerProbes&) = delete;

  // Of the hosts asked in the last round, by name.
  [[nodiscard]] std::map<std::string, ProbedPeer> found() const;

 private:
  struct Question;
  void run();
  void ask(std::vector<Question>& slice);
  [[nodiscard]] bool wait_for_answers(std::vector<Question>& slice);
  void note(const std::vector<ProbeTarget>& targets, const std::vector<Question>& asked);

  net::PathProbe probe_;
  const Targets targets_;
  int stop_ = -1;              // an eventfd
  std::uint32_t numbers_ = 0;  // the last one used
  std::uint32_t rounds_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, ProbedPeer> found_;
  std::thread thread_;
};

}  // namespace paddock::netd
