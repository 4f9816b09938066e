// SPDX-License-Identifier: Apache-2.0
//
// From options to what libnet is asked for: pure, apart from what it is told of the host.
#pragma once

#include "netd/options.hpp"

#include <paddock/net/address_pool.hpp>
#include <paddock/net/cni.hpp>
#include <paddock/net/host_network.hpp>
#include <paddock/net/subnet_pool.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace paddock::netd {

// The part of a cluster's network the first host takes: its first /24, for IPv6 its first /64, or
// all of it when it is no larger.
net::Prefix first_subnet(const net::Prefix& cluster);

// "NAME=CIDR,CIDR" of --networks, as a pool of that name; without subnets when it is none.
net::PoolOptions network_of(const std::string& text);

// All of these throw std::runtime_error with a sentence when options contradict each other.
struct PoolPlan {
  net::PoolOptions common;
  std::map<std::string, net::PoolOptions> networks;

  [[nodiscard]] std::vector<net::PoolSubnet> subnets() const;  // of all
};
PoolPlan pool_plan(const Options& options);
net::HostPlan host_plan(const Options& options);

// What hosts claim their subnets out of: the first network of each family among --cluster-cidrs.
struct SubnetPools {
  std::optional<net::SubnetPool> v4;
  std::optional<net::SubnetPool> v6;
};
SubnetPools subnet_pools(const Options& options);

net::cni::Dns dns_hints(const Options& options);

// The network configuration for container runtimes.
std::string conflist(const std::string& network_name);

}  // namespace paddock::netd
