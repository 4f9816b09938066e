// SPDX-License-Identifier: Apache-2.0
#include "overlay/entries.hpp"

#include <algorithm>
#include <iterator>

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
  bool encrypts() const { return settings_.backend == OverlayBackend::wireguard; }
  bool both_encrypt() const { return encrypts() && peer_.backend == OverlayBackend::wireguard; }
  bool peer_encrypts() const {
    return peer_.backend == OverlayBackend::encrypted || peer_.backend == OverlayBackend::wireguard;
  }
  bool tunnels_over(bool v4) const {
    const auto& end = end_of(peer_, v4);
    if (!underlay_.of(v4) || !end) {
      return false;
    }
    return both_encrypt() ? peer_.key && *peer_.key != settings_.wireguard.public_key
                          : both_tunnel() && peer_.vni == settings_.vni && end->mac;
  }
  bool links_over(bool v4) const {
    const auto& end = end_of(peer_, v4);
    return !encrypts() && !peer_encrypts() && (!both_tunnel() || settings_.direct_routing) &&
           underlay_.of(v4) && end && underlay_.on_link(end->underlay);
  }
  void tunnel(const Prefix& subnet, bool v4);
  void encrypt(const Prefix& subnet, bool v4);
  std::string obstacle(const Prefix& subnet) const;
  std::string encryption_obstacle() const;

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

// All subnets of a peer over one family are of one entry: a device knows a host by its key.
void PeerPlan::encrypt(const Prefix& subnet, bool v4) {
  const Way way = v4 ? Way::tunnel_v4 : Way::tunnel_v6;
  auto entry = std::find_if(entries.secure.begin(), entries.secure.end(),
                            [&](const SecureEntry& other) { return other.way == way; });
  if (entry == entries.secure.end()) {
    entries.secure.push_back({way, *peer_.key, end_of(peer_, v4)->underlay, {}});
    entry = std::prev(entries.secure.end());
  }
  entry->allowed.push_back(subnet);
  entries.routes.push_back({subnet, way, {}});
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
    const bool over_v4 = tunnels_over(v4) ? v4 : !v4;
    both_encrypt() ? encrypt(subnet, over_v4) : tunnel(subnet, over_v4);
    entries.path = both_encrypt() ? PeerPath::wireguard : PeerPath::vxlan;
  } else {
    entries.routes.push_back({subnet, Way::none, {}});
    complain(obstacle(subnet));
  }
}

std::string PeerPlan::encryption_obstacle() const {
  if (!peer_.key) {
    return "the peer has not said its public key, and nothing goes to it in clear text";
  }
  return *peer_.key == settings_.wireguard.public_key
             ? "the peer says this host's own public key; remove the key file of the one that has "
               "it from the other, and restart that"
             : "the two hosts have no family in common";
}

std::string PeerPlan::obstacle(const Prefix& subnet) const {
  const bool v4 = subnet.address.is_v4();
  const std::string family = v4 ? "IPv4" : "IPv6";
  const std::string text = subnet.to_string() + ": ";
  if (both_encrypt()) {
    return text + encryption_obstacle();
  }
  if (encrypts()) {
    return text + "the peer sends in clear text (" + std::string(to_string(peer_.backend)) +
           "), and this host sends none; all hosts need one backend";
  }
  if (peer_encrypts()) {
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

PeerEntries plan_guard(const OverlaySettings& settings) {
  PeerEntries entries;
  if (settings.backend == OverlayBackend::wireguard) {
    for (const Prefix& network : settings.wireguard.networks) {
      entries.routes.push_back({network.network(), Way::none, {}});
    }
  }
  return entries;
}

}  // namespace paddock::net::overlay
