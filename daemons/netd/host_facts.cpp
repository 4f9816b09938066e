// SPDX-License-Identifier: Apache-2.0
#include "netd/host_facts.hpp"

#include "netd/plan.hpp"
#include "runtime/host_name.hpp"

#include <paddock/net/host_network.hpp>

namespace paddock::netd {

std::string host_name(const Options& options) { return runtime::host_name(options.host_name); }

HostFacts host_facts(const Options& options, const net::NetworkNamespace& host) {
  HostFacts facts;
  facts.name = host_name(options);
  for (const auto& text : options.host_addresses)
    facts.addresses.push_back(boost::asio::ip::make_address(text));
  if (facts.addresses.empty()) facts.addresses = net::host_addresses(host).value();
  for (const auto& subnet : pool_plan(options).subnets()) facts.subnets.push_back(subnet.network);
  return facts;
}

}  // namespace paddock::netd
