// SPDX-License-Identifier: Apache-2.0
//
// The way from this host's pods to those of other hosts. The owner says who the peers are; Overlay
// keeps the kernel in agreement with that, also against what others do to it, and says what peers
// have to know of this host. docs/overlay.md lists what is made in the kernel.
#pragma once

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>
#include <paddock/net/export.hpp>
#include <paddock/net/namespace.hpp>
#include <paddock/net/wireguard.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::net {

// none: packets find their way without us (routes of a cloud or of a router daemon).
// encrypted: of a peer only, which speaks something that is not spoken here; it is not reached,
// since all that is would be clear text.
enum class OverlayBackend { none, vxlan, host_gateway, wireguard, encrypted };

// "none", "vxlan", "host-gw", "wireguard"; absent for anything else.
PADDOCK_NET_EXPORT std::optional<OverlayBackend> parse_overlay_backend(std::string_view text);
PADDOCK_NET_EXPORT std::string_view to_string(OverlayBackend backend);

// Where a host is reached over one family of the underlay.
struct TunnelEnd {
  IpAddress underlay;
  std::optional<MacAddress> mac;  // of its VXLAN device; absent: it has none for this family

  friend bool operator==(const TunnelEnd&, const TunnelEnd&) = default;
};

// A host as the others have to know it. A peer is known again by its name.
struct Peer {
  std::string host;
  OverlayBackend backend = OverlayBackend::vxlan;
  std::uint32_t vni = 1;
  std::optional<TunnelEnd> v4;
  std::optional<TunnelEnd> v6;
  std::vector<Prefix> subnets;      // of its pods, both families
  std::optional<WireguardKey> key;  // its public one; absent: it has none, or has not said it

  friend bool operator==(const Peer&, const Peer&) = default;
};

// What the backend wireguard needs. Ports and shared key are those of all hosts.
struct WireguardSettings {
  WireguardKey private_key;
  WireguardKey public_key;  // that of private_key
  WireguardKey shared_key;  // unset: none
  std::uint16_t port = 51820;
  std::uint16_t port_v6 = 51821;  // over the IPv6 underlay
  std::uint16_t keepalive = 0;    // seconds between empty packets to each peer; 0: none
  // All pods'. What is for an address in these that no peer has is refused, so that it does not
  // leave in clear text.
  std::vector<Prefix> networks;

  friend bool operator==(const WireguardSettings&, const WireguardSettings&) = default;
};

struct OverlaySettings {
  std::string host;  // the name peers know this one by
  OverlayBackend backend = OverlayBackend::vxlan;
  std::uint32_t vni = 1;
  std::uint16_t port = 8472;
  // With vxlan: peers on the same link get plain routes, which cost nothing.
  bool direct_routing = false;
  WireguardSettings wireguard;
  // VXLAN devices are <prefix>.<vni> (IPv4 underlay) and <prefix>-v6.<vni>, those of WireGuard
  // <prefix>-wg and <prefix>-wg-v6.
  std::string device_prefix = "paddock";
  // What the underlay carries, if less than the MTU of its interface; 0: that MTU.
  std::uint32_t underlay_mtu = 0;
  // Absent: the interface of the default route, else the first one with a global address.
  std::optional<std::string> interface;
  // Which of the interface's addresses to use; at most one for each family. Families not named
  // take the first.
  std::vector<IpAddress> addresses;

  friend bool operator==(const OverlaySettings&, const OverlaySettings&) = default;
};

// How packets get to a peer: not at all, by a plain route, or in a tunnel.
enum class PeerPath { none, direct, vxlan, wireguard };

// Octets a packet grows by on an underlay of that family.
constexpr std::uint32_t vxlan_overhead(bool v4) { return v4 ? 50 : 70; }
constexpr std::uint32_t wireguard_overhead(bool v4) { return v4 ? 60 : 80; }
constexpr std::uint32_t overhead(PeerPath path, bool v4) {
  return path == PeerPath::vxlan       ? vxlan_overhead(v4)
         : path == PeerPath::wireguard ? wireguard_overhead(v4)
                                       : 0;
}

// The same for ever for one host, network and family, so that peers need not be told after a
// reboot. Locally administered.
PADDOCK_NET_EXPORT MacAddress vtep_mac(std::string_view host, std::uint32_t vni, bool v4);

// Fails with invalid_argument and a sentence when these settings can never work.
PADDOCK_NET_EXPORT Result<void> check(const OverlaySettings& settings);

struct PeerStatus {
  Peer peer;
  PeerPath path = PeerPath::none;
  // Why not all of its subnets are reached, as sentences; empty: they are.
  std::string trouble;
  std::chrono::system_clock::time_point since;  // of this path and trouble
};

// What Overlay::tend() found and did.
struct OverlayNews {
  bool self_changed = false;          // self() has to be published again
  std::vector<std::string> repaired;  // what others had changed and is right again, as sentences
  std::optional<Error> error;         // it is tried again by and by
  bool looked = false;                // at everything: without an error, all is as wanted now
};

// One decision about a packet, as the kernel would make it now.
struct PathStep {
  std::string decision;
  std::string trouble;  // what is wrong with it and what helps, as a sentence; empty: nothing
  bool passes = true;   // false: the packet gets no further
};

// Where a packet comes from that this host forwards.
struct PathOrigin {
  std::string link;  // the host's end of a pod's link
  IpAddress address;
};

// One thread at a time. The destructor leaves all in the kernel, so that packets go on; the next
// Overlay takes over what it finds and changes only what differs.
//
// An error of a call that changes peers means that the kernel does not agree with them yet. They
// are remembered all the same, and tend() tries again.
class PADDOCK_NET_EXPORT Overlay {
 public:
  // Throws std::system_error when netlink sockets cannot be opened there, or check(settings) fails.
  // Changes nothing yet.
  Overlay(const NetworkNamespace& host, OverlaySettings settings);
  ~Overlay();
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;

  // The subnets of this host's own pods.
  Result<void> set_subnets(std::vector<Prefix> subnets);
  // All peers there are, for the start and when changes were missed. One with this host's name is
  // left out. Reads the kernel and changes what differs. Before the first call, entries an earlier
  // process made stay, so that packets go on while the peers are being found.
  Result<void> replace(std::vector<Peer> peers);
  // One that is new, or another than before. Costs the same however many there are.
  Result<void> put(Peer peer);
  // No such peer is success.
  Result<void> remove(std::string_view host);

  // Compares the kernel with what is wanted and puts it right; returns what differed, as sentences
  // (the first hundred), empty when all was right.
  Result<std::vector<std::string>> resync();
  // The same, but changes nothing.
  Result<std::vector<std::string>> drift();

  // How a packet gets to that address of another host's pod, from this host itself or from one of
  // its pods. Ends where the packet would. Reads the kernel, changes nothing.
  std::vector<PathStep> trace(const IpAddress& destination,
                              const std::optional<PathOrigin>& origin = std::nullopt);

  // Readable when tend() has something to do; for poll().
  int descriptor() const;
  // Follows what happened to the kernel and to the interfaces below, and once a minute looks at
  // all. Never waits. Storms are held down: at most four repairs a second.
  OverlayNews tend();

  // This host as its peers have to know it. Ends are absent while no underlay is known.
  const Peer& self() const;
  // What pods may send at most; 0 while no underlay is known.
  std::uint32_t pod_mtu() const;
  // In the order of their names. Those behind the name `after`, so many at most: who holds others
  // up meanwhile can take a few at a time.
  std::vector<PeerStatus> peers(std::string_view after = {}, std::size_t most = SIZE_MAX) const;

  // Takes away all that overlays made in this namespace, also an earlier process's.
  Result<void> purge();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace paddock::net
