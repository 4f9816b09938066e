// SPDX-License-Identifier: Apache-2.0
#include "overlay/entries.hpp"

#include <algorithm>

namespace paddock::net::overlay {
namespace {

constexpr std::uint32_t first_metric = 1U << 16U;

const std::optional<TunnelEnd>& end_of(const Peer& peer, bool v4) { return v4 ? peer.v4 : peer.v6; }

// The number of the subnet among all of its length: the last 16 bits of the network part.
std::uint32_t subnet_number(const Prefix& prefix) {
  const auto number = [&](const auto& octets) {
    std::uint32_t value = 0;
    for (unsigned bit = prefix.length < 16 ? 0 : prefix.length - 16; bit < prefix.length; ++bit) {
      value = value << 1U | ((octets[bit / 8] >> (7 - bit % 8)) & 1U);
    }
    return value;
  };
  return prefix.address.is_v4() ? number(prefix.address.to_v4().to_bytes())
                                : number(prefix.address.to_v6().to_bytes());
}

bool overlap(const Prefix& left, const Prefix& right) {
  const Prefix& wider = left.length < right.length ? left : right;
  const Prefix& narrower = left.length < right.length ? right : left;
  return wider.contains(narrower.address);
}

// Plans for one peer; subnets add up.
class PeerPlan {
 public:
  PeerPlan(const OverlaySettings& settings, const Underlay& underlay, const Peer& peer)
      : settings_(settings), underlay_(underlay), peer_(peer) {}

  void add(const Prefix& subnet);
  void complain(const std::string& sentence) {
    entries.trouble += (entries.trouble.empty() ? "" : "; ") + sentence;
  }

  PeerEntries entries;

 private:
  bool both_tunnel() const {
    return settings_.backend == OverlayBackend::vxlan && peer_.backend == OverlayBackend::vxlan;
  }
  bool tunnels_over(bool v4) const {
    const auto& end = end_of(peer_, v4);
    return both_tunnel() && peer_.vni == settings_.vni && underlay_.of(v4) && end && end->mac;
  }
  bool links_over(bool v4) const {
    const auto& end = end_of(peer_, v4);
    return peer_.backend != OverlayBackend::encrypted &&
           (!both_tunnel() || settings_.direct_routing) && underlay_.of(v4) && end &&
           underlay_.on_link(end->underlay);
  }
  void tunnel(const Prefix& subnet, bool v4);
  std::string obstacle(const Prefix& subnet) const;

  const OverlaySettings& settings_;
  const Underlay& underlay_;
  const Peer& peer_;
};

void PeerPlan::tunnel(const Prefix& subnet, bool v4) {
  const TunnelEnd& end = *end_of(peer_, v4);
  const Way way = v4 ? Way::tunnel_v4 : Way::tunnel_v6;
  const ForwardingEntry forwarding{way, *end.mac, end.underlay};
  if (std::find(entries.forwarding.begin(), entries.forwarding.end(), forwarding) ==
      entries.forwarding.end()) {
    entries.forwarding.push_back(forwarding);
  }
  entries.neighbors.push_back({way, subnet.address, *end.mac});
  entries.routes.push_back({subnet, way, subnet.address});
}

// A route by the link needs a gateway of the subnet's family: one of the other family would do for
// Linux, but not for what reads its tables.
void PeerPlan::add(const Prefix& subnet) {
  const bool v4 = subnet.address.is_v4();
  if (links_over(v4)) {
    const Way way = v4 ? Way::link_v4 : Way::link_v6;
    entries.routes.push_back({subnet, way, end_of(peer_, v4)->underlay});
    entries.path = std::max(entries.path, PeerPath::direct);
  } else if (tunnels_over(v4) || tunnels_over(!v4)) {
    tunnel(subnet, tunnels_over(v4) ? v4 : !v4);
    entries.path = PeerPath::vxlan;
  } else {
    entries.routes.push_back({subnet, Way::none, {}});
    complain(obstacle(subnet));
  }
}

std::string PeerPlan::obstacle(const Prefix& subnet) const {
  const bool v4 = subnet.address.is_v4();
  const std::string family = v4 ? "IPv4" : "IPv6";
  const std::string text = subnet.to_string() + ": ";
  if (peer_.backend == OverlayBackend::encrypted) {
    return text +
           "the peer's packets are encrypted in a way that this host has not, and it sends none in "
           "clear text; all hosts need one backend";
  }
  if (both_tunnel() && peer_.vni != settings_.vni) {
    return text + "the peer is in VNI " + std::to_string(peer_.vni) + ", this host in " +
           std::to_string(settings_.vni);
  }
  if (both_tunnel()) {
    return text + "the two hosts have no family in common that both have a VXLAN device for";
  }
  if (!end_of(peer_, v4) || !underlay_.of(v4)) {
    return text + (underlay_.of(v4) ? "the peer" : "this host") + " has no " + family +
           " address to route by";
  }
  const OverlayBackend plain =
      settings_.backend == OverlayBackend::vxlan ? peer_.backend : settings_.backend;
  return text + end_of(peer_, v4)->underlay.to_string() + " is not on this host's link, as " +
         std::string(to_string(plain)) + " needs";
}

bool own_address(const Underlay& underlay, const Peer& peer) {
  const auto same = [&](bool v4) {
    return underlay.of(v4) && end_of(peer, v4) &&
           underlay.of(v4)->address == end_of(peer, v4)->underlay;
  };
  return same(true) || same(false);
}

}  // namespace

std::uint32_t route_metric(const Prefix& destination) {
  return first_metric + subnet_number(destination);
}

PeerEntries plan_peer(const OverlaySettings& settings, const Underlay& underlay,
                      const std::vector<Prefix>& own_subnets, const Peer& peer) {
  PeerPlan plan(settings, underlay, peer);
  if (settings.backend == OverlayBackend::none) {
    return std::move(plan.entries);
  }
  if (own_address(underlay, peer)) {
    plan.complain("it says it has this host's own underlay address");
    return std::move(plan.entries);
  }
  for (const Prefix& given : peer.subnets) {
    const Prefix subnet = given.network();
    const auto own = std::find_if(own_subnets.begin(), own_subnets.end(),
                                  [&](const Prefix& other) { return overlap(subnet, other); });
    if (own == own_subnets.end()) {
      plan.add(subnet);
    } else {
      plan.complain(subnet.to_string() + " overlaps this host's own " + own->to_string());
    }
  }
  return std::move(plan.entries);
}

}  // namespace paddock::net::overlay
