// SPDX-License-Identifier: Apache-2.0
#include "nat/ruleset.hpp"

#include "marks.hpp"
#include "nat/port_entry.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace paddock::net::nat {
namespace {

// The bit that portmap uses for the same purpose, so that whoever knows one knows the other.
constexpr std::string_view return_mark = "0x00002000";

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
    elements +=
        (elements.empty() ? "\t\telements = { " : ", ") +
        (network.length == (v4 ? 32U : 128U) ? network.address.to_string() : network.to_string());
  }
  return "\tset " + name + " {\n\t\ttype " + (v4 ? "ipv4_addr" : "ipv6_addr") +
         "\n\t\tflags interval\n" + elements + (elements.empty() ? "" : " }\n") + "\t}\n\n";
}

std::string group(std::uint32_t number) { return std::to_string(number); }

// Filled and emptied as pods come and go, with netlink: nat/host_ports.hpp.
std::string port_map(const std::string& name, bool v4, bool with_address) {
  const std::string address = v4 ? "ipv4_addr" : "ipv6_addr";
  return "\tmap " + name + " {\n\t\ttype " + (with_address ? address + " . " : "") +
         "inet_proto . inet_service : " + address + " . inet_service\n\t}\n\n";
}

// Filled and emptied as pods of other networks than netd's come and go: nat/needed_elements.hpp.
// home: networks, each with itself. masked, unmasked: pods to whom all who ask their ports of the
// host appear as the host, or as themselves. fenced_links: bridges that do not reach one another.
std::string needed_set(const std::string& name, const std::string& type, bool intervals) {
  return "\tset " + name + " {\n\t\ttype " + type + (intervals ? "\n\t\tflags interval" : "") +
         "\n\t}\n\n";
}

std::string all_needed_sets() {
  return needed_set("home4", "ipv4_addr . ipv4_addr", true) +
         needed_set("home6", "ipv6_addr . ipv6_addr", true) +
         needed_set("masqueraded4", "ipv4_addr", false) +
         needed_set("masqueraded6", "ipv6_addr", false) +
         needed_set("masked4", "ipv4_addr", false) + needed_set("masked6", "ipv6_addr", false) +
         needed_set("unmasked4", "ipv4_addr", false) + needed_set("unmasked6", "ipv6_addr", false) +
         needed_set("fenced_links", "ifname", false) +
         needed_set("inside_links", "ifname . ifname", false);
}

// Ports of the host, from outside and from the host itself. Pods of this host and 127.0.0.1 get the
// host's address as the source: the answer has to come back this way.
std::string ports() {
  const std::string jump =
      "\t\tfib daddr type local meta l4proto { tcp, udp, sctp } jump ports\n\t}\n\n";
  const std::string mark = "meta mark set meta mark | " + std::string(return_mark) + "\n";
  return "\tchain ports_in {\n"
         "\t\ttype nat hook prerouting priority dstnat; policy accept;\n" +
         jump +
         "\tchain ports_out {\n"
         "\t\ttype nat hook output priority -100; policy accept;\n" +
         jump + "\tchain ports {\n\t\tip saddr 127.0.0.0/8 " + mark + "\t\tip saddr @pods4 " +
         mark + "\t\tip saddr . ip saddr @home4 " + mark + "\t\tip6 saddr @pods6 " + mark +
         "\t\tip6 saddr . ip6 saddr @home6 " + mark +
         "\t\tdnat ip to ip daddr . meta l4proto . th dport map @address_ports4\n"
         "\t\tdnat ip to meta l4proto . th dport map @ports4\n"
         "\t\tip6 daddr ::1 return\n"  // the kernel routes it nowhere else
         "\t\tdnat ip6 to ip6 daddr . meta l4proto . th dport map @address_ports6\n"
         "\t\tdnat ip6 to meta l4proto . th dport map @ports6\n\t}\n\n";
}

// Names are asked and answered without connection tracking: no entry for each question, and none of
// the translations that would lead it elsewhere where the address is a service's, too.
std::string untracked() {
  std::string rules;
  for (const char* way : {"d", "s"}) {
    for (const auto& [family, services] :
         {std::pair{"ip ", " @services4"}, std::pair{"ip6 ", " @services6"}}) {
      rules.append("\t\t").append(family).append(way).append("addr").append(services);
      rules.append(" meta l4proto { tcp, udp } th ").append(way).append("port 53 notrack\n");
    }
  }
  return rules;
}

std::string output() {
  return "\tchain output {\n\t\ttype filter hook output priority raw; policy accept;\n" +
         untracked() + "\t}\n\n";
}

// Own addresses only: a source must be routed back through the link it came in by. And a pod is no
// router to its host, whatever it advertises.
std::string prerouting() {
  const std::string from_pod = "\t\tiifgroup " + group(pod_group);
  return "\tchain prerouting {\n"
         "\t\ttype filter hook prerouting priority raw; policy accept;\n"
         "\t\tiifgroup " +
         group(detached_group) + " drop\n" + from_pod +
         " ip daddr 127.0.0.0/8 drop\n\t\tiifgroup " + group(bridge_group) +
         " ip daddr 127.0.0.0/8 drop\n" + from_pod + " icmpv6 type nd-router-advert drop\n" +
         from_pod + " ip6 saddr fe80::/10 accept\n" + from_pod +
         " fib saddr . iif oif missing drop\n" + untracked() + "\t}\n\n";
}

std::string forward() {
  return "\tchain forward {\n"
         "\t\ttype filter hook forward priority filter; policy accept;\n"
         "\t\tiifname . oifname @inside_links accept\n"
         "\t\tiifname @fenced_links oifname @fenced_links drop\n"
         "\t\tiifgroup " +
         group(pod_group) + " accept\n\t\toifgroup " + group(pod_group) + " accept\n\t}\n";
}

std::string postrouting(bool masquerade) {
  const std::string tail = " oifgroup != " + group(pod_group) + " masquerade fully-random\n";
  const std::string returning = "\t\tct status dnat meta mark & " + std::string(return_mark) +
                                " == " + std::string(return_mark);
  const std::string chain =
      "\n\tchain postrouting {\n"
      "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
      "\t\tct status dnat ip daddr @unmasked4 return\n"
      "\t\tct status dnat ip6 daddr @unmasked6 return\n"
      "\t\tct status dnat ip daddr @masked4 masquerade fully-random\n"
      "\t\tct status dnat ip6 daddr @masked6 masquerade fully-random\n" +
      returning +
      " masquerade fully-random\n"
      "\t\tip saddr @masqueraded4 ip saddr . ip daddr != @home4 ip daddr != 224.0.0.0/4 "
      "masquerade fully-random\n"
      "\t\tip6 saddr @masqueraded6 ip6 saddr . ip6 daddr != @home6 ip6 daddr != ff00::/8 "
      "masquerade fully-random\n";
  if (!masquerade) return chain + "\t}\n";
  return chain + "\t\tip saddr @pods4 ip daddr != @cluster4 ip daddr != 224.0.0.0/4" + tail +
         "\t\tip6 saddr @pods6 ip6 daddr != @cluster6 ip6 daddr != ff00::/8" + tail + "\t}\n";
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
  std::vector<Prefix> services;
  for (const IpAddress& address : plan.service_addresses) {
    services.push_back({address, address.is_v4() ? 32U : 128U});
  }
  text.append(set("services4", true, services)).append(set("services6", false, services));
  text.append(set("pods4", true, pods)).append(set("pods6", false, pods));
  if (plan.masquerade) {
    text.append(set("cluster4", true, cluster)).append(set("cluster6", false, cluster));
  }
  for (const PortMap& map : port_maps) {
    text.append(port_map(map.name(), map.v4, map.with_address));
  }
  text.append(all_needed_sets());
  text.append(prerouting()).append(output()).append(ports()).append(forward());
  return text.append(postrouting(plan.masquerade)).append("}\n");
}

}  // namespace paddock::net::nat
