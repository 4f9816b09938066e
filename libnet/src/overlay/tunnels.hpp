// SPDX-License-Identifier: Apache-2.0
//
// The hosts behind this one's WireGuard devices: told to the devices, and compared with what these
// say. The devices themselves are ensured with all others.
#pragma once

#include "overlay/device_state.hpp"
#include "overlay/picture.hpp"
#include "wireguard/control.hpp"

#include <paddock/net/error.hpp>
#include <paddock/net/namespace.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace paddock::net::overlay {

// Pure: all hosts behind the device of that way. A subnet that two of them want is of the one that
// has the route.
wireguard::Configuration plan_tunnel(const OverlaySettings& settings, const Table& table, Way way);
// Pure: of one peer, from what it needed to what it needs.
wireguard::Change difference(const OverlaySettings& settings, const PeerEntries& before,
                             const PeerEntries& after, Way way);

class Tunnels {
 public:
  // Puts right what differs; returns what that was, as sentences. Before `complete`, what is not
  // wanted stays.
  Result<std::vector<std::string>> converge(const NetworkNamespace& host, const Picture& picture,
                                            Effort effort, bool complete);
  Result<void> change(const OverlaySettings& settings, const PeerEntries& before,
                      const PeerEntries& after);
  // What the device of that way says.
  Result<wireguard::Configuration> read(Way way);

 private:
  struct End {
    std::uint32_t link = 0;
    std::unique_ptr<wireguard::Control> control;
    bool is_told = false;  // everything: from then on it may know better where a host is
  };
  End& end_of(Way way) { return ends_[way == Way::tunnel_v4 ? 0 : 1]; }
  Result<void> adopt(const NetworkNamespace& host, const std::string& name, std::uint32_t link,
                     End& end);

  std::array<End, 2> ends_;
};

}  // namespace paddock::net::overlay
