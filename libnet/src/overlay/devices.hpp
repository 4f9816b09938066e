// SPDX-License-Identifier: Apache-2.0
//
// The tunnel devices of a host, one for each family of its underlay, as they should be. Pure.
#pragma once

#include "overlay/underlay.hpp"

#include <paddock/net/overlay.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net::overlay {

struct Device {
  std::string name;
  bool encrypts = false;  // of WireGuard: it has no VNI, and no MAC address; else of VXLAN
  std::uint32_t vni = 0;
  std::uint16_t port = 0;
  IpAddress local;
  std::uint32_t below = 0;  // index of the underlay's link
  std::uint32_t mtu = 0;
  std::optional<MacAddress> mac;
  std::vector<Prefix> addresses;

  friend bool operator==(const Device&, const Device&) = default;
};

// <prefix>.<vni>, with IPv6 below <prefix>-v6.<vni>, and <prefix>-wg and <prefix>-wg-v6, as flannel
// names them.
std::string device_name(const OverlaySettings& settings, bool v4);

// The device over that family of the underlay. Absent when the backend has none, or the host no
// such underlay. It holds the first address of each of the host's subnets, by which peers know
// it: those of its own family, and of the other one if that has no device.
std::optional<Device> plan_device(const OverlaySettings& settings, const Underlay& underlay,
                                  const std::vector<Prefix>& own_subnets, bool v4);

// What pods may send at most, whichever peer it is for. 0: no underlay is known.
std::uint32_t pod_mtu(const OverlaySettings& settings, const Underlay& underlay);

}  // namespace paddock::net::overlay
