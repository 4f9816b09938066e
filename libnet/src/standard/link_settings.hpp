// SPDX-License-Identifier: Apache-2.0
//
// The configuration of the plugins that make a pod's link: bridge and ptp.
#pragma once

#include "cni/document.hpp"

#include <paddock/net/attachment.hpp>
#include <paddock/net/cni.hpp>

#include <optional>
#include <string>
#include <vector>

namespace paddock::net::standard {

enum class Ipam { none, host_local, paddock, delegate };

struct LinkSettings {
  std::optional<BridgePort> bridge;  // absent: ptp; its addresses are not known yet
  bool is_gateway = false;           // the bridge has the pods' gateway addresses
  bool is_default_gateway = false;
  bool masquerade = false;
  Ipam ipam = Ipam::none;
};

// Refuses what we cannot do with Code::unsupported_field, and what makes no sense.
LinkSettings link_settings(const cni::Json& config, const cni::Request& request);

// What the source of addresses gave, with the gateways and default routes the settings want.
// Refuses a second default route.
cni::AddResult complete(const LinkSettings& settings, cni::AddResult given);

// What the attachment is to be, with the addresses, gateways and routes of `given`.
AttachRequest attach_request(const cni::Request& request, const LinkSettings& settings,
                             const cni::AddResult& given, std::uint32_t mtu);

// What ADD answers: the bridge if there is one, the host's end, the pod's end, and what was given.
cni::AddResult add_result(const cni::Request& request, const Attachment& made,
                          const std::optional<MacAddress>& bridge_mac, cni::AddResult given);

}  // namespace paddock::net::standard
