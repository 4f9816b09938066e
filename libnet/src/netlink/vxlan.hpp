// SPDX-License-Identifier: Apache-2.0
//
// VXLAN devices and their forwarding entries: requests to put in a Batch, and questions that are
// answered with values.
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

// What cannot be another without making the device anew.
struct VxlanParameters {
  std::uint32_t vni = 0;
  std::uint16_t port = 0;
  std::optional<IpAddress> local;
  std::uint32_t below = 0;  // index of the link packets leave by
  bool learning = false;
  bool special = false;  // has a group, a policy or no VNI of its own: nothing we would make

  friend bool operator==(const VxlanParameters&, const VxlanParameters&) = default;
};

struct VxlanDevice {
  Link link;
  VxlanParameters parameters;
};
std::optional<VxlanDevice> parse_vxlan(const Message& message);
Result<std::vector<VxlanDevice>> list_vxlans(Socket& socket);

// Of device: name, mac, mtu, group; down, without an IPv6 address of its own making.
void add_vxlan(Batch& batch, const VxlanDevice& device);

// Frames to that MAC address go to that host. `controlled`: the entry says that something programs
// it (extern_learn), which is how ours are known.
struct Forwarding {
  std::uint32_t link = 0;
  MacAddress mac;
  IpAddress remote;
  bool controlled = false;
};
std::optional<Forwarding> parse_forwarding(const Message& message);
Result<std::vector<Forwarding>> list_forwarding(Socket& socket, std::uint32_t link);
// Absent when there is none.
Result<std::optional<Forwarding>> find_forwarding(Socket& socket, std::uint32_t link,
                                                  const MacAddress& mac);

// Without sentences, as set_route().
void set_forwarding(Batch& batch, const Forwarding& forwarding);
void unset_forwarding(Batch& batch, const Forwarding& forwarding);

}  // namespace paddock::net::netlink
