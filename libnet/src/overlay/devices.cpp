// SPDX-License-Identifier: Apache-2.0
#include "overlay/devices.hpp"

#include <algorithm>

namespace paddock::net::overlay {
namespace {

std::uint32_t below_mtu(const OverlaySettings& settings, const UnderlayEnd& end) {
  return settings.underlay_mtu == 0 ? end.mtu : std::min(settings.underlay_mtu, end.mtu);
}

std::uint32_t overhead_of(OverlayBackend backend, bool v4) {
  return backend == OverlayBackend::vxlan       ? vxlan_overhead(v4)
         : backend == OverlayBackend::wireguard ? wireguard_overhead(v4)
                                                : 0;
}

}  // namespace

std::string device_name(const OverlaySettings& settings, bool v4) {
  if (settings.backend == OverlayBackend::wireguard) {
    return settings.device_prefix + (v4 ? "-wg" : "-wg-v6");
  }
  return settings.device_prefix + (v4 ? "." : "-v6.") + std::to_string(settings.vni);
}

std::optional<Device> plan_device(const OverlaySettings& settings, const Underlay& underlay,
                                  const std::vector<Prefix>& own_subnets, bool v4) {
  const auto& end = underlay.of(v4);
  const bool encrypts = settings.backend == OverlayBackend::wireguard;
  if ((settings.backend != OverlayBackend::vxlan && !encrypts) || !end) {
    return std::nullopt;
  }
  Device device;
  device.name = device_name(settings, v4);
  device.encrypts = encrypts;
  device.mtu = below_mtu(settings, *end) - overhead_of(settings.backend, v4);
  if (encrypts) {
    device.port = v4 ? settings.wireguard.port : settings.wireguard.port_v6;
  } else {
    device.vni = settings.vni;
    device.port = settings.port;
    device.local = end->address;
    device.below = end->link;
    device.mac = vtep_mac(settings.host, settings.vni, v4);
  }
  for (const Prefix& subnet : own_subnets) {
    if (subnet.address.is_v4() == v4 || !underlay.of(!v4)) {
      device.addresses.push_back(Prefix::host(subnet.network().address));
    }
  }
  return device;
}

std::uint32_t pod_mtu(const OverlaySettings& settings, const Underlay& underlay) {
  std::uint32_t least = 0;
  for (const bool v4 : {true, false}) {
    if (const auto& end = underlay.of(v4)) {
      const std::uint32_t mtu = below_mtu(settings, *end) - overhead_of(settings.backend, v4);
      least = least == 0 ? mtu : std::min(least, mtu);
    }
  }
  return least;
}

}  // namespace paddock::net::overlay
