// SPDX-License-Identifier: Apache-2.0
//
// Limits of bandwidth: a token bucket on what a link sends, and a detour over an ifb link for what
// it receives, since Linux limits only sending.
#pragma once

#include "netlink/batch.hpp"
#include "netlink/socket.hpp"

#include <paddock/net/capability.hpp>
#include <paddock/net/error.hpp>

#include <cstdint>
#include <string>

namespace paddock::net::netlink {

// The link sends no faster than this from now on, whatever its queueing was.
void limit_sending(Batch& batch, std::uint32_t link, const RateLimit& limit,
                   const std::string& name);

// An ifb link, up. One of that name or index is an error: EEXIST or EBUSY.
struct DetourLink {
  std::uint32_t index = 0;  // 0: the kernel's choice
  std::string name;
  std::uint32_t group = 0;
  std::uint32_t mtu = 0;
};
void add_detour(Batch& batch, const DetourLink& link);

// What `link` receives goes out by `detour` first. Done already is success.
void redirect_receiving(Batch& batch, std::uint32_t link, std::uint32_t detour,
                        const std::string& name);

// How fast the link sends at most, in bits per second: whole octets, as the kernel counts. 0:
// nothing limits it, or there is no such link.
Result<std::uint64_t> sending_rate(Socket& socket, std::uint32_t link);

}  // namespace paddock::net::netlink
