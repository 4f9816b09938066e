// SPDX-License-Identifier: Apache-2.0
//
// Bandwidth of an attachment: what the host's end of the link sends is what the pod receives, and
// the other way round over an ifb link.
#pragma once

#include "netlink/batch.hpp"
#include "netlink/socket.hpp"

#include <paddock/net/attachment.hpp>
#include <paddock/net/error.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace paddock::net::attach {

// "pb" and the index of the host's end in eight hexadecimal digits.
std::string detour_name(std::uint32_t host_ifindex);

// Whatever is there already. `detour` is the name of the ifb link.
void add_limits(netlink::Batch& batch, const Attachment& attachment, const std::string& detour);

// Which of the attachment's limits the kernel does not have, as sentences. Reads only.
Result<std::vector<std::string>> missing_limits(netlink::Socket& host,
                                                const Attachment& attachment);

// None is fine, for both. The first marks the ifb link for reaping with the host's end.
void release_limits(netlink::Batch& batch, std::uint32_t host_ifindex);
void delete_limits(netlink::Batch& batch, std::uint32_t host_ifindex);

}  // namespace paddock::net::attach
