// SPDX-License-Identifier: Apache-2.0
//
// A host in a namespace, set up by HostNetwork, with pods to attach to it: what most network tests
// begin with.
#pragma once

#include "support/network_namespace.hpp"

#include <paddock/net/attachment.hpp>
#include <paddock/net/host_network.hpp>

#include <string>
#include <utility>
#include <vector>

namespace paddock::test {

inline net::IpAddress ip(const std::string& text) { return boost::asio::ip::make_address(text); }
inline net::Prefix prefix(const std::string& text) { return net::Prefix::parse(text).value(); }

inline net::HostPlan dual_stack_plan() {
  net::HostPlan plan;
  plan.subnets = {{prefix("10.42.0.0/24"), ip("10.42.0.1")}, {prefix("fd42::/64"), ip("fd42::1")}};
  plan.cluster_networks = {prefix("10.42.0.0/16"), prefix("fd42::/48")};
  return plan;
}

struct Host {
  Namespace ns;
  net::HostPlan plan = dual_stack_plan();
  net::HostNetwork network{ns.get()};
  net::Attachments attachments{ns.get()};

  Host() {
    ns.must("ip link set lo up");
    network.ensure(plan).value();
  }
};

inline net::AttachRequest request(const std::string& container,
                                  const std::vector<std::string>& addresses) {
  net::AttachRequest request;
  request.id = {"net", container, "eth0"};
  for (const std::string& address : addresses) {
    const bool v4 = ip(address).is_v4();
    request.addresses.push_back(ip(address));
    request.gateways.push_back(ip(v4 ? "10.42.0.1" : "fd42::1"));
    request.routes.push_back({prefix(v4 ? "0.0.0.0/0" : "::/0"), request.gateways.back(), 0, 0});
  }
  return request;
}

}  // namespace paddock::test
