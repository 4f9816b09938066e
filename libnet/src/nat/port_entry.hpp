// SPDX-License-Identifier: Apache-2.0
//
// Port mappings as the elements of the maps in table "inet paddock": pure, but for the requests
// that put them there.
#pragma once

#include "netlink/batch.hpp"
#include "netlink/reader.hpp"

#include <paddock/net/capability.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net::nat {

// A mapping to one address of a pod.
struct PortEntry {
  Protocol protocol = Protocol::tcp;
  std::uint16_t host_port = 0;
  std::optional<IpAddress> host_address;  // a specific one of the pod address's family
  IpAddress pod;
  std::uint16_t pod_port = 0;

  std::string to_string() const;
  friend bool operator==(const PortEntry&, const PortEntry&) = default;
  friend bool operator<(const PortEntry& left, const PortEntry& right);
};

// The mappings for each of the addresses they are good for.
std::vector<PortEntry> entries_of(const std::vector<PortMapping>& mappings,
                                  const std::vector<IpAddress>& addresses);

// Whether both want the same packets.
bool collide(const PortEntry& left, const PortEntry& right);

// Requests for Socket::commit().
void add_entry(netlink::Batch& batch, const PortEntry& entry);
void delete_entry(netlink::Batch& batch, const PortEntry& entry);

// The maps there are: one per family, with and without an address of the host in the key.
struct PortMap {
  bool v4 = true;
  bool with_address = false;

  const char* name() const;
};
inline constexpr PortMap port_maps[] = {{true, false}, {true, true}, {false, false}, {false, true}};

void list_entries(netlink::Batch& batch, const PortMap& map);
// The entries in one message of the answer to list_entries().
std::vector<PortEntry> parse_entries(const netlink::Message& message, const PortMap& map);

}  // namespace paddock::net::nat
