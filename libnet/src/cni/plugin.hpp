// SPDX-License-Identifier: Apache-2.0
//
// Which plugin a runtime means, and who gives the addresses for it.
#pragma once

#include "cni/document.hpp"

namespace paddock::net::cni {

// The name the program was run by counts (PADDOCK_PLUGIN), since a delegated plugin gets the
// configuration of the one that delegates; then the configuration's type.
Plugin plugin_of(const Environment& environment, const Json& config);

// ipam.type if that is a plugin we have to ask; empty otherwise.
std::string delegate_of(const Json& config, const Request& request);

}  // namespace paddock::net::cni
