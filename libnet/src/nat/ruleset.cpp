// SPDX-License-Identifier: Apache-2.0
#include "nat/ruleset.hpp"

#include "marks.hpp"

#include <algorithm>
#include <vector>

namespace paddock::net::nat {
namespace {

std::string set(const std::string& name, bool v4, const std::vector<Prefix>& networks) {
  std::vector<std::string> elements;
  for (const Prefix& network : networks) {
    if (network.address.is_v4() == v4) {
      elements.push_back(network.network().to_string());
    }
  }
  std::sort(elements.begin(), elements.end());
  elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
  std::string text = "\tset " + name + " {\n\t\ttype " + (v4 ? "ipv4_addr" : "ipv6_addr") +
                     "\n\t\tflags interval\n\t\tauto-merge\n";
  for (std::size_t i = 0; i < elements.size(); ++i) {
    text += (i == 0 ? "\t\telements = { " : ", ") + elements[i];
  }
  return text + (elements.empty() ? "\t}\n\n" : " }\n\t}\n\n");
}

std::string group(std::uint32_t number) { return std::to_string(number); }

// Own addresses only: a source must be routed back through the link it came in by.
std::string prerouting() {
  const std::string from_pod = "\t\tiifgroup " + group(kPodGroup);
  return "\tchain prerouting {\n"
         "\t\ttype filter hook prerouting priority raw; policy accept;\n"
         "\t\tiifgroup " +
         group(kDetachedGroup) + " drop\n" + from_pod + " ip6 saddr fe80::/10 accept\n" + from_pod +
         " fib saddr . iif oif 0 drop\n\t}\n\n";
}

std::string forward() {
  return "\tchain forward {\n"
         "\t\ttype filter hook forward priority filter; policy accept;\n"
         "\t\tiifgroup " +
         group(kPodGroup) + " accept\n\t\toifgroup " + group(kPodGroup) + " accept\n\t}\n";
}

std::string postrouting() {
  const std::string tail = " oifgroup != " + group(kPodGroup) + " masquerade fully-random\n";
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
  std::string text = std::string("table inet ") + kTable + " {\n";
  if (plan.masquerade) {
    text += set("pods4", true, pods) + set("pods6", false, pods) + set("cluster4", true, cluster) +
            set("cluster6", false, cluster);
  }
  return text + prerouting() + forward() + (plan.masquerade ? postrouting() : "") + "}\n";
}

}  // namespace paddock::net::nat
