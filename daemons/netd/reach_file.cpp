// SPDX-License-Identifier: Apache-2.0
#include "netd/reach_file.hpp"

namespace paddock::netd {

bool is_reached(const net::PeerStatus& status) {
  return status.path != net::PeerPath::none && status.trouble.empty();
}

std::string format_reach(net::OverlayBackend backend, const std::vector<net::Prefix>& networks,
                         const std::vector<net::Prefix>& own) {
  std::string text = "# Written by netd for dnsd --reach-file.\n";
  if (backend == net::OverlayBackend::none) return text;
  for (const auto& network : networks) text += "network " + network.to_string() + "\n";
  for (const auto& subnet : own) text += "reached " + subnet.to_string() + "\n";
  return text;
}

std::string format_reach(const net::PeerStatus& peer) {
  std::string text;
  if (!is_reached(peer)) return text;
  for (const auto& subnet : peer.peer.subnets) text += "reached " + subnet.to_string() + "\n";
  return text;
}

}  // namespace paddock::netd
