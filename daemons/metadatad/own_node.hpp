// SPDX-License-Identifier: Apache-2.0
//
// Which node of a Kubernetes cluster this host is. Nodes are known by their name, which need not be
// the name that the host has for itself. Pure.
#pragma once

#include "runtime/admin.hpp"

#include <paddock/metadata/cluster.hpp>

#include <optional>
#include <string>

namespace paddock::metadatad {

// Nothing when a node has that name.
[[nodiscard]] std::optional<runtime::Problem> own_node_problem(const metadata::Cluster& cluster,
                                                               const std::string& host_name);

}  // namespace paddock::metadatad
