// SPDX-License-Identifier: Apache-2.0
#include "netd/reach_file.hpp"

namespace paddock::netd {

bool is_reached(const net::PeerStatus& status) {
  return status.path != net::PeerPath::none && status.trouble.empty();
}

std::string format_reach(net::OverlayBackend backend, const std::vector<net::Prefix>& networks,
                         const std::vector<net::Prefix>& own,
                         const std::vector<net::PeerStatus>& peers) {
  std::string text = "# Written by netd for dnsd --reach-file.\n";
  if (backend == net::OverlayBackend::none) return text;
  for (const auto& network : networks) text += "network " + network.to_string() + "\n";
  for (const auto& subnet : own) text += "reached " + subnet.to_string() + "\n";
  for (const auto& status : peers) {
    if (!is_reached(status)) continue;
    for (const auto& subnet : status.peer.subnets) text += "reached " + subnet.to_string() + "\n";
  }
  return text;
}

}  // namespace paddock::netd
