// SPDX-License-Identifier: Apache-2.0
//
// Behind paddock::net::Overlay: the peers, what is known of the host, and the kernel.
#pragma once

#include "netlink/socket.hpp"
#include "overlay/device_state.hpp"
#include "overlay/difference.hpp"
#include "overlay/events.hpp"
#include "overlay/roster.hpp"
#include "overlay/tunnels.hpp"
#include "overlay/watch.hpp"

#include <paddock/net/overlay.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net {

class Overlay::State {
 public:
  State(const NetworkNamespace& host, OverlaySettings settings);

  Result<void> set_subnets(std::vector<Prefix> subnets);
  Result<void> replace(std::vector<Peer> peers);
  Result<void> put(Peer peer);
  Result<void> remove(std::string_view host);
  Result<std::vector<std::string>> converge(overlay::Effort effort);
  std::vector<PathStep> trace(const IpAddress& destination,
                              const std::optional<PathOrigin>& origin);
  OverlayNews tend();
  Result<void> purge();

  int descriptor() const { return events_.descriptor(); }
  const Peer& self() const { return self_; }
  std::uint32_t pod_mtu() const { return overlay::pod_mtu(settings_, underlay_); }
  std::vector<PeerStatus> peers(std::string_view after, std::size_t most) const {
    return roster_.status(after, most);
  }

 private:
  using Clock = std::chrono::steady_clock;

  overlay::Roster::Planner planner() const;
  overlay::Picture picture() const;
  Result<void> follow_underlay();
  void plan_host();
  Result<std::vector<std::string>> ensure_devices(overlay::Effort effort);
  Result<std::vector<std::string>> ensure_tunnels(overlay::Effort effort);
  Result<std::vector<std::string>> ensure_entries(overlay::Effort effort);
  Result<void> apply(const overlay::Difference& difference);
  Result<void> change(std::string_view host, const overlay::Roster::Change& change);
  Result<void> whole();
  void refuse(const overlay::Refusal& refusal);
  void hear();
  void look_again_after(const std::optional<Error>& error);

  OverlaySettings settings_;
  const NetworkNamespace host_;
  netlink::Socket socket_;
  overlay::Events events_;
  std::vector<Prefix> subnets_;
  overlay::Roster roster_;

  bool complete_ = false;  // whether all peers were ever told: before, what is there stays
  bool looked_ = false;    // whether the underlay was ever asked for
  overlay::Underlay underlay_;
  overlay::DevicePair devices_;
  overlay::WayLinks links_{};
  overlay::Tunnels tunnels_;
  Peer self_;
  Peer told_;  // as tend() last reported it

  overlay::Disturbance disturbed_;
  Clock::time_point quiet_until_;  // no repair before
  Clock::time_point look_at_;      // though nothing happened
  std::optional<Error> refused_;   // the first refusal of the last try
};

}  // namespace paddock::net
