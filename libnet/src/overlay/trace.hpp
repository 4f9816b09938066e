// SPDX-License-Identifier: Apache-2.0
//
// The way of a packet to another host's pod: what the kernel would decide now, decision by
// decision, beside what was planned. Reads only.
#pragma once

#include "netlink/socket.hpp"
#include "overlay/picture.hpp"
#include "wireguard/device.hpp"

#include <paddock/net/overlay.hpp>

#include <functional>
#include <optional>
#include <vector>

namespace paddock::net::overlay {

// What the WireGuard device of that way says.
using ReadTunnel = std::function<Result<wireguard::Configuration>(Way)>;

std::vector<PathStep> trace(netlink::Socket& socket, const Picture& picture,
                            const ReadTunnel& read_tunnel, const std::optional<PathOrigin>& origin,
                            const IpAddress& destination);

}  // namespace paddock::net::overlay
