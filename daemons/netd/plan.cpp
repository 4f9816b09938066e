// SPDX-License-Identifier: Apache-2.0
#include "netd/plan.hpp"

#include <algorithm>
#include <stdexcept>

namespace paddock::netd {
namespace {

constexpr unsigned host_length_v4 = 24;
constexpr unsigned host_length_v6 = 64;

net::Prefix prefix_of(const std::string& text) {
  const auto prefix = net::Prefix::parse(text);
  if (!prefix) throw std::runtime_error("\"" + text + "\" is not a subnet");
  return *prefix;
}

net::AddressRange range_of(const std::string& text) {
  const auto range = net::AddressRange::parse(text);
  if (!range) throw std::runtime_error("\"" + text + "\" is not a range of addresses");
  return *range;
}

}  // namespace

net::Prefix first_subnet(const net::Prefix& cluster) {
  const unsigned wanted = cluster.address.is_v4() ? host_length_v4 : host_length_v6;
  return {cluster.network().address, std::max(cluster.length, wanted)};
}

net::PoolOptions pool_options(const Options& options) {
  net::PoolOptions pool;
  pool.name = options.network_name;
  pool.quarantine = options.quarantine;
  for (const auto& text : options.subnets)
    pool.subnets.push_back({.network = prefix_of(text), .gateway = {}, .ranges = {}});
  if (options.subnets.empty()) {
    for (const auto& text : options.cluster_cidrs)
      pool.subnets.push_back(
          {.network = first_subnet(prefix_of(text)), .gateway = {}, .ranges = {}});
  }
  for (const auto& text : options.ranges) {
    const auto range = range_of(text);
    const auto subnet = std::ranges::find_if(pool.subnets, [&](const net::PoolSubnet& candidate) {
      return candidate.network.contains(range.first) && candidate.network.contains(range.last);
    });
    if (subnet == pool.subnets.end())
      throw std::runtime_error("the range " + text + " lies in none of this host's subnets");
    subnet->ranges.push_back(range);
  }
  for (const auto& text : options.exclude) pool.exclusions.push_back(range_of(text));
  return pool;
}

net::HostPlan host_plan(const Options& options) {
  net::HostPlan plan;
  const auto wanted = pool_options(options);
  const net::AddressPool pool(wanted);  // checks, and knows the gateways
  for (const auto& subnet : wanted.subnets) {
    const auto gateway = pool.gateway_of(subnet.network.address);
    plan.subnets.push_back({subnet.network, *gateway});
  }
  for (const auto& text : options.cluster_cidrs) plan.cluster_networks.push_back(prefix_of(text));
  plan.service_addresses.clear();
  for (const auto& text : options.service_addresses)
    plan.service_addresses.push_back(boost::asio::ip::make_address(text));
  plan.masquerade = options.masquerade;
  return plan;
}

net::cni::Dns dns_hints(const Options& options) {
  if (options.dns.empty()) return {};
  return {.nameservers = options.dns,
          .domain = {},
          .search = options.dns_search,
          .options = options.dns_options};
}

std::string conflist(const std::string& network_name) {
  return R"({
  "cniVersion": "1.0.0",
  "cniVersions": ["1.0.0", "1.1.0"],
  "name": ")" +
         network_name + R"(",
  "plugins": [
    {
      "type": "paddock",
      "capabilities": {"portMappings": true, "bandwidth": true, "ips": true, "mac": true, "dns": true, "aliases": true}
    }
  ]
}
)";
}

}  // namespace paddock::netd
