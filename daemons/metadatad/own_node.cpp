// SPDX-License-Identifier: Apache-2.0
#include "metadatad/own_node.hpp"

#include <string_view>

namespace paddock::metadatad {
namespace {

constexpr std::string_view hostname_label = "kubernetes.io/hostname";

// The node with that host name; empty: none, or several.
std::string node_on(const metadata::Cluster& cluster, const std::string& host_name) {
  std::string found;
  for (const metadata::Host& node : cluster.hosts()) {
    const auto* label = node.labels.find(hostname_label);
    const bool is_it = node.hostname == host_name || (label != nullptr && *label == host_name);
    if (!is_it) continue;
    if (!found.empty()) return {};
    found = node.name;
  }
  return found;
}

}  // namespace

std::optional<runtime::Problem> own_node_problem(const metadata::Cluster& cluster,
                                                 const std::string& host_name) {
  if (cluster.find<metadata::Host>(host_name)) return std::nullopt;
  const auto node = node_on(cluster, host_name);
  return runtime::Problem{
      runtime::Problem::Severity::warning, "no node is named " + host_name + ", so no pod is read",
      node.empty() ? "give the daemons of this host --host-name, a name of kubectl get nodes"
                   : "give the daemons of this host --host-name " + node +
                         ", the node that has this host name"};
}

}  // namespace paddock::metadatad
