// SPDX-License-Identifier: Apache-2.0
//
// The cluster that --metadata names as the registry: every host has the subnets it was configured
// with, and its Host object says how it is reached.
#pragma once

#include "netd/registry.hpp"
#include "netd/subnet_registry.hpp"

#include <memory>
#include <string>

namespace paddock::netd {

// `host` is this one's name. The registry is started and stopped by others.
[[nodiscard]] std::unique_ptr<SubnetRegistry> open_cluster_peers(std::shared_ptr<Registry> registry,
                                                                 std::string host);

}  // namespace paddock::netd
