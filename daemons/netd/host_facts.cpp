// SPDX-License-Identifier: Apache-2.0
#include "netd/host_facts.hpp"

#include "netd/plan.hpp"

#include <paddock/net/host_network.hpp>

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <climits>

namespace paddock::netd {
namespace {

std::string kernel_host_name() {
  char name[HOST_NAME_MAX + 1] = "localhost";
  (void)::gethostname(name, sizeof name - 1);
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

}  // namespace

std::string host_name(const Options& options) {
  return options.host_name.empty() ? kernel_host_name() : options.host_name;
}

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
