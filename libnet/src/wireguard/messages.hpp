// SPDX-License-Identifier: Apache-2.0
//
// WireGuard devices of the kernel: its generic netlink messages.
#pragma once

#include "netlink/batch.hpp"
#include "netlink/reader.hpp"
#include "wireguard/device.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace paddock::net::wireguard {

// Down. A kernel without WireGuard refuses with EOPNOTSUPP.
void add_device(netlink::Batch& batch, const std::string& name, std::uint32_t group);

// Which type messages of WireGuard have is asked of the kernel.
void ask_family(netlink::Batch& batch);
std::optional<std::uint16_t> parse_family(const netlink::Message& message);

// Several requests when there are many remotes.
void put_change(netlink::Batch& batch, std::uint16_t family, const std::string& name,
                const Change& change);
void ask_configuration(netlink::Batch& batch, std::uint16_t family, const std::string& name);
// Adds what one message says: a device with many remotes is told in several.
void add_message(const netlink::Message& message, Configuration& configuration);

}  // namespace paddock::net::wireguard
