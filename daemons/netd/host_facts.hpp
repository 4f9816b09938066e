// SPDX-License-Identifier: Apache-2.0
//
// What this host says of itself in the registry.
#pragma once

#include "netd/options.hpp"
#include "netd/registered_pods.hpp"

#include <paddock/net/namespace.hpp>

#include <string>

namespace paddock::netd {

// How this host is called in the cluster.
std::string host_name(const Options& options);

// Addresses, unless given: net::host_addresses(). Throws a sentence when the kernel does not say.
HostFacts host_facts(const Options& options, const net::NetworkNamespace& host);

}  // namespace paddock::netd
