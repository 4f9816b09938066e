// SPDX-License-Identifier: Apache-2.0
#include "nat/ruleset.hpp"

#include "marks.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

namespace paddock::net::nat {
namespace {

// The networks of one family in order, without those inside another.
std::vector<Prefix> outermost(const std::vector<Prefix>& networks, bool v4) {
  std::vector<Prefix> kept;
  for (const Prefix& network : networks) {
    if (network.address.is_v4() == v4) {
      kept.push_back(network.network());
    }
  }
  std::sort(kept.begin(), kept.end(), [](const Prefix& left, const Prefix& right) {
    return std::tie(left.address, left.length) < std::tie(right.address, right.length);
  });
  std::vector<Prefix> result;
  for (const Prefix& network : kept) {
    if (result.empty() || !result.back().contains(network.address)) {
      result.push_back(network);
    }
  }
  return result;
}

std::string set(const std::string& name, bool v4, const std::vector<Prefix>& networks) {
  std::string elements;
  for (const Prefix& network : outermost(networks, v4)) {
    elements += (elements.empty() ? "\t\telements = { " : ", ") + network.to_string();
  }
  return "\tset " + name + " {\n\t\ttype " + (v4 ? "ipv4_addr" : "ipv6_addr") +
         "\n\t\tflags interval\n" + elements + (elements.empty() ? "" : " }\n") + "\t}\n\n";
}

std::string group(std::uint32_t number) { return std::to_string(number); }

// Own addresses only: a source must be routed back through the link it came in by.
std::string prerouting() {
  const std::string from_pod = "\t\tiifgroup " + group(pod_group);
  return "\tchain prerouting {\n"
         "\t\ttype filter hook prerouting priority raw; policy accept;\n"
         "\t\tiifgroup " +
         group(detached_group) + " drop\n" + from_pod + " ip6 saddr fe80::/10 accept\n" + from_pod +
         " fib saddr . iif oif 0 drop\n\t}\n\n";
}

std::string forward() {
  return "\tchain forward {\n"
         "\t\ttype filter hook forward priority filter; policy accept;\n"
         "\t\tiifgroup " +
         group(pod_group) + " accept\n\t\toifgroup " + group(pod_group) + " accept\n\t}\n";
}

std::string postrouting() {
  const std::string tail = " oifgroup != " + group(pod_group) + " masquerade fully-random\n";
  return "\n\tchain postrouting {\n"
         "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
         "\t\tip saddr @pods4 ip daddr != @cluster4 ip daddr != 224.0.0.0/4" +
         tail + "\t\tip6 saddr @pods6 ip6 daddr != @cluster6 ip6 daddr != ff00::/8" + tail +
         "\t}\n";
}

}  // namespace

std::string ruleset(const HostPlan& plan) {
  std::vector<Prefix> pods;
  for (const PodSubnet& subnet : plan.subnets) {
    pods.push_back(subnet.network);
  }
  std::vector<Prefix> cluster = plan.cluster_networks;
  cluster.insert(cluster.end(), pods.begin(), pods.end());
  std::string text = "table inet ";
  text.append(table_name).append(" {\n");
  if (plan.masquerade) {
    text.append(set("pods4", true, pods)).append(set("pods6", false, pods));
    text.append(set("cluster4", true, cluster)).append(set("cluster6", false, cluster));
  }
  text.append(prerouting()).append(forward());
  if (plan.masquerade) {
    text.append(postrouting());
  }
  return text.append("}\n");
}

}  // namespace paddock::net::nat
