// SPDX-License-Identifier: Apache-2.0
//
// The cluster that --metadata names as the registry. Either every host has the subnets it was
// configured with, and its Host object says how it is reached; or the Host objects say who has
// which subnets, as nodes of Kubernetes do by their podCIDRs.
#pragma once

#include "netd/registry.hpp"
#include "netd/subnet_registry.hpp"

#include <memory>
#include <string>
#include <vector>

namespace paddock::netd {

// `host` is this one's name, `prefix` that of the annotations by which hosts say how they are
// reached. The registry is started and stopped by others.
[[nodiscard]] std::unique_ptr<SubnetRegistry> open_cluster_hosts(std::shared_ptr<Registry> registry,
                                                                 std::string host,
                                                                 std::string prefix);

// The same, but the subnets are those of this host's object. `overlay` is how all hosts do it, also
// those that do not say how they are reached; `networks` are those of all pods.
[[nodiscard]] std::unique_ptr<SubnetRegistry> open_assigned_subnets(
    std::shared_ptr<Registry> registry, std::string prefix, net::OverlaySettings overlay,
    std::vector<net::Prefix> networks);

}  // namespace paddock::netd
