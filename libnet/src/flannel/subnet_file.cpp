// SPDX-License-Identifier: Apache-2.0
#include "ipam/pool_subnet.hpp"

#include <paddock/net/flannel.hpp>

#include <algorithm>

namespace paddock::net::flannel {
namespace {

using ipam::to_address;
using ipam::to_number;

// The first address of the subnet, which is its gateway, with the subnet's length.
std::string gateway_in(const Prefix& subnet) {
  const auto first = to_number(subnet.network().address) + 1;
  return Prefix{to_address(first, subnet.address.is_v4()), subnet.length}.to_string();
}

}  // namespace

std::string format_subnet_file(const SubnetFile& file) {
  std::string text;
  const auto add = [&](const char* name, const std::optional<Prefix>& subnet, bool v4) {
    if (!subnet) return;
    std::string networks;
    for (const auto& network : file.networks) {
      if (network.address.is_v4() == v4)
        networks += (networks.empty() ? "" : ",") + network.to_string();
    }
    text += std::string(name) + "_NETWORK=" + networks + "\n";
    text += std::string(name) + "_SUBNET=" + gateway_in(*subnet) + "\n";
  };
  add("FLANNEL", file.subnets.v4, true);
  add("FLANNEL_IPV6", file.subnets.v6, false);
  text += "FLANNEL_MTU=" + std::to_string(file.mtu) + "\n";
  text += std::string("FLANNEL_IPMASQ=") + (file.masquerade ? "true" : "false") + "\n";
  return text;
}

std::optional<Subnets> parse_subnet_file(std::string_view text) {
  Subnets subnets;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto equal = line.find('=');
    if (equal == std::string_view::npos) continue;
    const auto name = line.substr(0, equal);
    const bool is_v4 = name == "FLANNEL_SUBNET";
    if (!is_v4 && name != "FLANNEL_IPV6_SUBNET") continue;
    const auto subnet = Prefix::parse(line.substr(equal + 1));
    if (!subnet || subnet->address.is_v4() != is_v4 || subnet->length > (is_v4 ? 30 : 126))
      return {};
    (is_v4 ? subnets.v4 : subnets.v6) = subnet->network();
  }
  if (!subnets.v4 && !subnets.v6) return {};
  return subnets;
}

}  // namespace paddock::net::flannel
