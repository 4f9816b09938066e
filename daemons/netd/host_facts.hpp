// SPDX-License-Identifier: Apache-2.0
//
// What this host says of itself in the registry.
#pragma once

#include "netd/options.hpp"
#include "netd/registered_pods.hpp"

namespace paddock::netd {

// The name as the registry allows it: lower case. Addresses, unless given: those of interfaces that
// are up, IPv4 first, without loopback, link-local and our own links.
HostFacts host_facts(const Options& options);

}  // namespace paddock::netd
