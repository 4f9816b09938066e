// SPDX-License-Identifier: Apache-2.0
//
// Bandwidth of an attachment: what the host's end of the link sends is what the pod receives, and
// the other way round over an ifb link.
#pragma once

#include "netlink/batch.hpp"
#include "netlink/values.hpp"

#include <paddock/net/attachment.hpp>

#include <cstdint>
#include <string>

namespace paddock::net::attach {

// "pb" and the index of the host's end in eight hexadecimal digits.
std::string detour_name(std::uint32_t host_ifindex);

// Whatever is there already. `detour` is the name of the ifb link.
void add_limits(netlink::Batch& batch, const Attachment& attachment, const std::string& detour);

// None is fine, for both. The first marks the ifb link for reaping with the host's end.
void release_limits(netlink::Batch& batch, std::uint32_t host_ifindex);
void delete_limits(netlink::Batch& batch, std::uint32_t host_ifindex);

}  // namespace paddock::net::attach
