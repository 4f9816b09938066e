// SPDX-License-Identifier: Apache-2.0
//
// flannel's etcd as the registry: the same keys, values and leases, so that hosts with flannel and
// hosts with Paddock are one network. docs/subnets.md says what is done better.
#pragma once

#include "netd/subnet_registry.hpp"

#include <paddock/metadata/access.hpp>
#include <paddock/metadata/error.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace paddock::netd {

struct FlannelOptions {
  std::vector<std::string> endpoints;
  std::string prefix = "/coreos.com/network";
  metadata::Access access;
  std::string state_file;  // what was last known; empty: it is not kept
  std::chrono::seconds lease_time{std::chrono::hours{24}};
};

// "flannel-etcd:http://HOST:2379[,HOST…][/PREFIX]"; an error says what is allowed.
[[nodiscard]] metadata::Result<FlannelOptions> parse_flannel_location(const std::string& text);

[[nodiscard]] std::unique_ptr<SubnetRegistry> open_flannel_registry(const FlannelOptions& options);

}  // namespace paddock::netd
