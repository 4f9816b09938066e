// SPDX-License-Identifier: Apache-2.0
//
// Connection tracking entries of one address. They outlive the pod that had it, and would send the
// packets of the next one where the last one's went.
#pragma once

#include "netlink/socket.hpp"

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>

#include <vector>

namespace paddock::net::nat {

// Forgets all connections from or to the addresses. socket: of NETLINK_NETFILTER.
Result<void> forget_connections(netlink::Socket& socket, const std::vector<IpAddress>& addresses);

// The same for kernels before 6.7, which do not select by address: lists all connections.
Result<void> forget_connections_one_by_one(netlink::Socket& socket,
                                           const std::vector<IpAddress>& addresses);

}  // namespace paddock::net::nat
