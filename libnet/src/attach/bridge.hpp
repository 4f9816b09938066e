// SPDX-License-Identifier: Apache-2.0
//
// The bridge a network's pods join.
#pragma once

#include "netlink/socket.hpp"
#include "netlink/values.hpp"

#include <paddock/net/attachment.hpp>
#include <paddock/net/error.hpp>

#include <string>
#include <vector>

namespace paddock::net::attach {

// Makes the bridge, its addresses and settings where they are missing, and adds to `changes` what
// it did, as sentences. Any number may do so at once. Errors: file_exists: a link of that name is
// no bridge; invalid_argument: the bridge has another address of the family.
Result<netlink::Link> ensure_bridge(const NetworkNamespace& where, netlink::Socket& host,
                                    const BridgePort& port, std::vector<std::string>& changes);

}  // namespace paddock::net::attach
