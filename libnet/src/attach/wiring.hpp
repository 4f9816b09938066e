// SPDX-License-Identifier: Apache-2.0
//
// Which links, addresses, neighbours and routes an attachment consists of, on either side. Pure:
// attach and repair make them, detach removes the host's, check looks for them.
#pragma once

#include "netlink/batch.hpp"
#include "netlink/values.hpp"

#include <paddock/net/attachment.hpp>

#include <optional>
#include <string>
#include <vector>

namespace paddock::net::attach {

// Why the request cannot be carried out, whatever the kernel says; absent when it can.
std::optional<std::string> objection(const AttachRequest& request);

// The routes of one side, the gateways' first: later ones are reached through earlier ones.
std::vector<netlink::Route> host_routes(const Attachment& attachment);
std::vector<netlink::Route> pod_routes(const Attachment& attachment);

// Everything but the pair itself.
netlink::Batch host_side(const Attachment& attachment);
// The same, whatever is there already. `bridge` is the index of the attachment's bridge, if it has
// one.
netlink::Batch host_side_again(const Attachment& attachment, std::uint32_t bridge);
netlink::Batch pod_side(const Attachment& attachment);

// Takes routes and neighbours of the addresses off the link and marks it for reaping.
netlink::Batch release(const std::vector<IpAddress>& addresses, const netlink::Link& host_link);

}  // namespace paddock::net::attach
