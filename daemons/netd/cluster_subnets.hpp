// SPDX-License-Identifier: Apache-2.0
//
// Subnets claimed in the cluster that --metadata names, each by a Subnet object that only one host
// can make; the other hosts are those of that cluster.
#pragma once

#include "netd/registry.hpp"
#include "netd/subnet_registry.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace paddock::netd {

struct ClaimOptions {
  std::string host;         // this one's name
  std::string annotations;  // prefix of those by which hosts say how they are reached
  std::optional<net::SubnetPool> v4;
  std::optional<net::SubnetPool> v6;
  std::vector<net::Prefix> networks;  // of all pods
  // A host must be gone so long before others give its subnets back.
  std::chrono::milliseconds grace{std::chrono::hours{24}};
};

// The registry is started and stopped by others, and this host's object is theirs, too.
[[nodiscard]] std::unique_ptr<SubnetRegistry> open_cluster_subnets(
    std::shared_ptr<Registry> registry, ClaimOptions options);

}  // namespace paddock::netd
