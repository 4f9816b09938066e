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

// An item without a name goes on with the one before it, as a command line cuts NAME=CIDR,CIDR at
// its comma.
std::vector<std::string> whole_networks(const Options& options) {
  std::vector<std::string> whole;
  for (const auto& text : options.networks) {
    if (text.find('=') != std::string::npos || whole.empty())
      whole.push_back(text);
    else
      whole.back() += "," + text;
  }
  return whole;
}

// Adds the range to the subnet it lies in.
void add_range(const std::vector<net::PoolOptions*>& pools, const std::string& text) {
  const auto range = range_of(text);
  for (auto* pool : pools) {
    for (auto& subnet : pool->subnets) {
      if (!subnet.network.contains(range.first) || !subnet.network.contains(range.last)) continue;
      subnet.ranges.push_back(range);
      return;
    }
  }
  throw std::runtime_error("the range " + text + " lies in none of this host's subnets");
}

}  // namespace

net::Prefix first_subnet(const net::Prefix& cluster) {
  const unsigned wanted = cluster.address.is_v4() ? host_length_v4 : host_length_v6;
  return {cluster.network().address, std::max(cluster.length, wanted)};
}

net::PoolOptions network_of(const std::string& text) {
  net::PoolOptions pool;
  const auto equal = text.find('=');
  if (equal == std::string::npos || equal == 0) return pool;
  pool.name = text.substr(0, equal);
  for (std::size_t begin = equal + 1; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    const auto prefix = net::Prefix::parse(text.substr(begin, end - begin));
    if (!prefix) return {};
    pool.subnets.push_back({.network = *prefix, .gateway = {}, .ranges = {}});
    begin = end + 1;
  }
  return pool;
}

std::vector<net::PoolSubnet> PoolPlan::subnets() const {
  auto all = common.subnets;
  for (const auto& [name, pool] : networks)
    all.insert(all.end(), pool.subnets.begin(), pool.subnets.end());
  return all;
}

PoolPlan pool_plan(const Options& options) {
  PoolPlan plan;
  plan.common.name = options.network_name;
  for (const auto& text : options.subnets)
    plan.common.subnets.push_back({.network = prefix_of(text), .gateway = {}, .ranges = {}});
  if (options.subnets.empty() && options.registry == "fixed") {
    for (const auto& text : options.cluster_cidrs)
      plan.common.subnets.push_back(
          {.network = first_subnet(prefix_of(text)), .gateway = {}, .ranges = {}});
  }
  for (const auto& text : whole_networks(options)) {
    auto pool = network_of(text);
    const auto name = pool.name;
    if (!plan.networks.emplace(name, std::move(pool)).second)
      throw std::runtime_error("network " + name + " is given twice");
  }
  std::vector<net::PoolOptions*> pools{&plan.common};
  for (auto& [name, pool] : plan.networks) pools.push_back(&pool);
  for (const auto& text : options.ranges) add_range(pools, text);
  for (auto* pool : pools) {
    pool->quarantine = options.quarantine;
    for (const auto& text : options.exclude) pool->exclusions.push_back(range_of(text));
  }
  return plan;
}

net::HostPlan host_plan(const Options& options) {
  net::HostPlan plan;
  const auto wanted = pool_plan(options);
  const auto add = [&](const net::PoolOptions& options_of_pool) {
    const net::AddressPool pool(options_of_pool);  // checks, and knows the gateways
    for (const auto& subnet : options_of_pool.subnets)
      plan.subnets.push_back({subnet.network, *pool.gateway_of(subnet.network.address)});
  };
  add(wanted.common);
  for (const auto& [name, pool] : wanted.networks) add(pool);
  for (const auto& text : options.cluster_cidrs) plan.cluster_networks.push_back(prefix_of(text));
  plan.service_addresses.clear();
  for (const auto& text : options.service_addresses)
    plan.service_addresses.push_back(boost::asio::ip::make_address(text));
  plan.masquerade = options.masquerade;
  return plan;
}

SubnetPools subnet_pools(const Options& options) {
  SubnetPools pools;
  for (const auto& text : options.cluster_cidrs) {
    const auto network = prefix_of(text);
    const bool is_v4 = network.address.is_v4();
    auto& pool = is_v4 ? pools.v4 : pools.v6;
    if (pool) continue;
    auto made =
        net::SubnetPool::make(network, is_v4 ? options.subnet_length : options.subnet_length_v6);
    if (!made)
      throw std::runtime_error("--cluster-cidrs " + text + " and --subnet-length" +
                               (is_v4 ? "" : "-v6") + ": " + made.error().text);
    pool = *made;
  }
  return pools;
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
      "capabilities": {"portMappings": true, "bandwidth": true, "ips": true, "ipRanges": true, "mac": true, "dns": true, "aliases": true}
    }
  ]
}
)";
}

}  // namespace paddock::netd
