// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "overlay/devices.hpp"

#include <paddock/net/overlay.hpp>

#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace paddock::net {
namespace {

constexpr std::array<std::pair<OverlayBackend, std::string_view>, 5> backend_names{{
    {OverlayBackend::none, "none"},
    {OverlayBackend::vxlan, "vxlan"},
    {OverlayBackend::host_gateway, "host-gw"},
    {OverlayBackend::wireguard, "wireguard"},
    {OverlayBackend::encrypted, "encrypted"},
}};
constexpr std::uint32_t last_vni = (1U << 24U) - 1;
// IPv6 asks for 1280; a network that carries less than IPv4's 576 is a slip of the pen.
constexpr std::uint32_t least_mtu = 576;

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char character : text) {
    hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001b3U;
  }
  return hash;
}

Error refused(std::string text) {
  return {boost::system::error_code(EINVAL, boost::system::generic_category()), std::move(text)};
}

}  // namespace

std::optional<OverlayBackend> parse_overlay_backend(std::string_view text) {
  for (const auto& [backend, name] : backend_names) {
    if (name == text && backend != OverlayBackend::encrypted) {
      return backend;
    }
  }
  return std::nullopt;
}

std::string_view to_string(OverlayBackend backend) {
  for (const auto& [candidate, name] : backend_names) {
    if (candidate == backend) {
      return name;
    }
  }
  return "unknown";
}

MacAddress vtep_mac(std::string_view host, std::uint32_t vni, bool v4) {
  const std::string identity = std::string(host) + '/' + std::to_string(vni) + (v4 ? "/v4" : "/v6");
  const std::uint64_t hash = fnv1a(identity);
  MacAddress mac;
  for (std::size_t i = 0; i < mac.octets.size(); ++i) {
    // The upper octets, folded in: FNV mixes the lowest bits least.
    mac.octets[i] = static_cast<std::uint8_t>((hash >> (8 * i)) ^ (hash >> (8 * i + 16)));
  }
  mac.octets[0] = static_cast<std::uint8_t>((mac.octets[0] & 0xfcU) | 0x02U);
  return mac;
}

Result<void> check(const OverlaySettings& settings) {
  if (settings.host.empty()) {
    return refused("the overlay needs the name of this host");
  }
  if (settings.backend == OverlayBackend::encrypted) {
    return refused("\"encrypted\" is of peers only; it must be none, vxlan, host-gw or wireguard");
  }
  const WireguardSettings& wireguard = settings.wireguard;
  if (settings.backend == OverlayBackend::wireguard &&
      (!wireguard.private_key.is_set() || !wireguard.public_key.is_set())) {
    return refused("WireGuard needs a private and a public key, as wg genkey and wg pubkey make");
  }
  if (settings.backend == OverlayBackend::wireguard &&
      (wireguard.port == 0 || wireguard.port_v6 == 0 || wireguard.port == wireguard.port_v6)) {
    return refused("WireGuard needs two ports, one for each family of the underlay");
  }
  if (settings.vni > last_vni) {
    return refused("VNI " + std::to_string(settings.vni) + " is over " + std::to_string(last_vni));
  }
  if (settings.port == 0) {
    return refused("the VXLAN port is 0; 8472 is flannel's and Linux', 4789 that of RFC 7348");
  }
  const std::string longest = overlay::device_name(settings, false);
  if (settings.device_prefix.empty() || longest.size() >= IFNAMSIZ) {
    return refused("device name \"" + longest + "\" cannot be: take a prefix that leaves it " +
                   std::to_string(IFNAMSIZ - 1) + " characters, or a smaller VNI");
  }
  if (settings.underlay_mtu != 0 && settings.underlay_mtu < least_mtu) {
    return refused("an underlay MTU of " + std::to_string(settings.underlay_mtu) + " is under " +
                   std::to_string(least_mtu));
  }
  for (const bool v4 : {true, false}) {
    if (std::count_if(settings.addresses.begin(), settings.addresses.end(),
                      [&](const IpAddress& address) { return address.is_v4() == v4; }) > 1) {
      return refused(std::string("two underlay addresses for ") + (v4 ? "IPv4" : "IPv6") +
                     ": one for each family");
    }
  }
  return {};
}

}  // namespace paddock::net
