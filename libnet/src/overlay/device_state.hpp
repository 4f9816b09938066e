// SPDX-License-Identifier: Apache-2.0
//
// The tunnel devices in the kernel: compared with what is planned, and put right.
#pragma once

#include "netlink/socket.hpp"
#include "overlay/devices.hpp"

#include <paddock/net/error.hpp>
#include <paddock/net/namespace.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net::overlay {

enum class Effort { look, repair };

struct DevicePair {
  std::optional<Device> v4;
  std::optional<Device> v6;
};

// The indexes of the two devices, 0 where there is none.
struct DeviceLinks {
  std::uint32_t v4 = 0;
  std::uint32_t v6 = 0;
  std::vector<std::string> changes;  // what was done, or with Effort::look would be, as sentences
};

// Devices of ours that differ in what cannot be changed, or that nobody wants, are deleted; a VXLAN
// or WireGuard device of the wanted name is taken over by making it anew, so that none of its
// entries stay. A link of that name and another kind is an error. A device of WireGuard is the
// kernel's own, or where it has none a process is started for it.
Result<DeviceLinks> ensure_devices(netlink::Socket& socket, const NetworkNamespace& host,
                                   const DevicePair& wanted, Effort effort);

// What the kernel says of the host, without pods' links and what overlays made.
Result<HostFacts> read_facts(netlink::Socket& socket);

}  // namespace paddock::net::overlay
