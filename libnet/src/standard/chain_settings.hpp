// SPDX-License-Identifier: Apache-2.0
//
// The configuration of the plugins that come after another in a chain: portmap, firewall,
// bandwidth, tuning. Reading it refuses what we cannot do with Code::unsupported_field.
#pragma once

#include "cni/document.hpp"

#include <paddock/net/capability.hpp>
#include <paddock/net/cni.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace paddock::net::standard {

// As whom a pod sees those who ask its ports: as the host if the answer would not come back
// otherwise, always (masqAll), or never (snat: false).
enum class AsHost { when_needed, always, never };
AsHost portmap_settings(const cni::Json& config);

// The configuration's word, else the runtime's.
Bandwidth bandwidth_settings(const cni::Json& config, const cni::Request& request);

// What bandwidth calls the ifb link of a container in a network.
std::string ifb_name(const std::string& network, const std::string& container);

// Who reaches a pod from other bridges: everybody, nobody, or not even its own bridge's pods.
enum class Ingress { open, same_bridge, isolated };
Ingress firewall_settings(const cni::Json& config);

struct TuningSettings {
  std::map<std::string, std::string> sysctls;  // below /proc/sys, with the interface's name
  std::optional<MacAddress> mac;
  std::optional<std::uint32_t> mtu;
  std::optional<std::uint32_t> queue_length;
  std::optional<bool> is_promiscuous;
  std::optional<bool> takes_all_multicast;
};
TuningSettings tuning_settings(const cni::Json& config, const cni::Request& request);

}  // namespace paddock::net::standard
