// SPDX-License-Identifier: Apache-2.0
//
// What we ask of the kernel about links, addresses, neighbours and routes: requests to put in a
// Batch, and questions that are answered with values.
#pragma once

#include "netlink/batch.hpp"
#include "netlink/socket.hpp"
#include "netlink/values.hpp"

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net::netlink {

enum class Existing { refuse, replace };

// A veth pair whose second end is made in another namespace, both with the same index.
struct VethPair {
  std::uint32_t index = 0;
  std::uint32_t mtu = 0;
  std::string name;
  MacAddress mac;
  std::uint32_t group = 0;
  int peer_namespace = -1;
  std::string peer_name;
  MacAddress peer_mac;
  std::uint32_t master = 0;  // the bridge the first end is a port of; 0: none
};

struct Bridge {
  std::string name;
  std::uint32_t group = 0;
  std::optional<MacAddress> mac;  // absent: that of a port, and another when that port goes
};

// How a bridge treats a port.
struct PortChange {
  bool hairpin = false;
  bool isolated = false;
};

struct LinkChange {
  std::uint32_t index = 0;
  std::string name;  // for the sentence in errors
  std::optional<std::string> alias;
  std::optional<std::uint32_t> group;
  bool strict_reverse_path = false;  // net.ipv4.conf.<link>.rp_filter = 1
  bool announces = false;            // ipv4.conf.<link>.arp_notify = 1: tells all when it comes up
  bool route_loopback = false;       // net.ipv4.conf.<link>.route_localnet = 1
  bool no_link_local = false;        // IPv6 makes no address by itself
  std::optional<PortChange> port;
  bool up = false;
  bool promiscuous = false;
};

// What of a link's properties is to be another; the absent ones stay.
struct LinkTuning {
  std::uint32_t index = 0;
  std::string name;  // for the sentence in errors
  std::optional<MacAddress> mac;
  std::optional<std::uint32_t> mtu;
  std::optional<std::uint32_t> queue_length;
  std::optional<bool> promiscuous;
  std::optional<bool> all_multicast;
};
void tune_link(Batch& batch, const LinkTuning& tuning);

// Makes the kernel finish what the link's coming up began: its state is UP and not UNKNOWN.
void settle_link(Batch& batch, std::uint32_t index, const std::string& name);

void add_veth(Batch& batch, const VethPair& pair);
void add_bridge(Batch& batch, const Bridge& bridge);
void change_link(Batch& batch, const LinkChange& change);
void take_down(Batch& batch, std::uint32_t index, const std::string& name);
// Makes the link a port of the bridge; it may be one already.
void join_bridge(Batch& batch, std::uint32_t index, std::uint32_t bridge, const std::string& name);
void delete_link(Batch& batch, std::uint32_t index, const std::string& name);
// All links of a group, at the cost of one. None is an error: ENODEV.
void delete_group(Batch& batch, std::uint32_t group);

// IPv6 addresses are usable at once: no duplicate address detection.
void add_address(Batch& batch, const Address& address, const std::string& link);
void delete_address(Batch& batch, const Address& address, const std::string& link);
// A permanent neighbour; an existing one is replaced.
void add_neighbor(Batch& batch, std::uint32_t link, const IpAddress& address,
                  const MacAddress& mac);
void delete_neighbor(Batch& batch, std::uint32_t link, const IpAddress& address);
void add_route(Batch& batch, const Route& route, const std::string& link, Existing existing);
void delete_route(Batch& batch, const Route& route, const std::string& link);

// For thousands at a time: these make no sentence; who sends them knows by the order which one was
// refused. The first of each pair makes or replaces.
void set_neighbor(Batch& batch, const Neighbor& neighbor);
void unset_neighbor(Batch& batch, const Neighbor& neighbor);
void set_route(Batch& batch, const Route& route);
void unset_route(Batch& batch, const Route& route);

// Absent when there is no such link.
Result<std::optional<Link>> find_link(Socket& socket, const std::string& name);
Result<std::optional<Link>> find_link(Socket& socket, std::uint32_t index);
Result<std::vector<Link>> list_links(Socket& socket);
Result<std::vector<Link>> list_links(Socket& socket, const std::string& kind);
// link 0: of all.
Result<std::vector<Address>> list_addresses(Socket& socket, std::uint32_t link);
Result<std::vector<Neighbor>> list_neighbors(Socket& socket, std::uint32_t link);

// Absent when there is none. Of a permanent one its state is that.
Result<std::optional<Neighbor>> find_neighbor(Socket& socket, std::uint32_t link,
                                              const IpAddress& address);

// The route a packet to that address would take now: with an origin, one that comes in by that link
// from that address, and is forwarded if the host does that. Where the kernel refuses such packets
// the answer is its error, or a route of another type than unicast.
struct RouteOrigin {
  std::uint32_t link = 0;
  IpAddress address;
};
Result<Route> look_up_route(Socket& socket, const IpAddress& destination,
                            const std::optional<RouteOrigin>& origin);

// Both families, of one table: the main one unless said otherwise. protocol and link 0: any.
Result<std::vector<Route>> list_routes(Socket& socket, std::uint8_t protocol, std::uint32_t link,
                                       std::uint32_t table = 254);

}  // namespace paddock::net::netlink
