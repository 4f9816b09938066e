// SPDX-License-Identifier: Apache-2.0
//
// Connection tracking entries of one address, or towards one port. They outlive the pod that had
// it, and would send the packets of the next one where the last one's went.
#pragma once

#include "nat/port_entry.hpp"
#include "netlink/socket.hpp"

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>

#include <vector>

namespace paddock::net::nat {

// Forgets all connections from or to the addresses. socket: of NETLINK_NETFILTER.
Result<void> forget_connections(netlink::Socket& socket, const std::vector<IpAddress>& addresses);

// The same by a list of all connections: of many addresses, and for kernels before 6.7, which do not
// select by address.
Result<void> forget_connections_one_by_one(netlink::Socket& socket,
                                           const std::vector<IpAddress>& addresses);

// Forgets the connections that were begun towards these ports, wherever they led: they would go on
// past a new mapping. On kernels before 6.7, which do not select, connections end by themselves.
Result<void> forget_connections_to(netlink::Socket& socket, const std::vector<PortEntry>& ports);

}  // namespace paddock::net::nat
