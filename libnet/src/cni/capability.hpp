// SPDX-License-Identifier: Apache-2.0
//
// Port mappings and limits of bandwidth as runtimes and configurations write them.
#pragma once

#include "cni/document.hpp"

#include <paddock/net/capability.hpp>

namespace paddock::net::cni {

// [{hostPort, containerPort, protocol, hostIP}]. Entries without a port of the host ask for none.
std::vector<PortMapping> ports_of(const Json& value, const std::string& path);

// {ingressRate, ingressBurst, egressRate, egressBurst}, in bits.
Bandwidth bandwidth_of(const Json& value, const std::string& path);

}  // namespace paddock::net::cni
