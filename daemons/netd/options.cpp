// SPDX-License-Identifier: Apache-2.0
#include "netd/options.hpp"

#include "netd/flannel_registry.hpp"
#include "netd/plan.hpp"
#include "runtime/cluster_source.hpp"
#include "runtime/host_name.hpp"

#include <paddock/net/address_pool.hpp>
#include <paddock/net/overlay.hpp>

namespace paddock::netd {
namespace {

using runtime::Reload;
namespace checks = runtime::checks;

std::string check_network(const std::string& text, const std::vector<std::string>& before) {
  const bool is_begun = text.find('=') != std::string::npos;
  const bool is_right = is_begun ? !network_of(text).subnets.empty()
                                 : !before.empty() && checks::subnet()(text).empty();
  return is_right ? "" : "must be NAME=CIDR, or NAME=CIDR,CIDR";
}

// As the CNI specification wants it.
std::string check_network_name(const std::string& text) {
  constexpr auto letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  const bool is_name = text.find_first_not_of(letters) == std::string::npos &&
                       text.find_first_of("_.-") != 0 && !text.empty();
  return is_name ? "" : "must be letters, digits, and behind the first one _ . and -";
}

std::string check_range(const std::string& text) {
  return net::AddressRange::parse(text) ? "" : "must be an address, or FIRST-LAST";
}

std::string check_data_path(const std::string& text) {
  return text == "routed" || text == "bridge" ? "" : "must be routed or bridge";
}

std::string check_metadata(const std::string& text) {
  if (text == "none") return {};
  if (text.starts_with("embedded:")) {
    return "an embedded store is metadatad's alone; must be paddock:/PATH/OF/metadata.sock";
  }
  return runtime::check_location(text);
}

std::string check_registry(const std::string& text) {
  if (text == "fixed" || text == "cluster" || text == "kubernetes") return {};
  const auto flannel = parse_flannel_location(text);
  return flannel ? "" : flannel.error().text + "; or fixed, cluster or kubernetes";
}

std::string check_domain(const std::string& text) {
  const bool is_domain =
      !text.empty() &&
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string::npos;
  return is_domain ? "" : "must be a domain, as flannel.alpha.coreos.com";
}

std::string check_overlay(const std::string& text) {
  return net::parse_overlay_backend(text) ? "" : "must be none, vxlan, host-gw or wireguard";
}

void describe_overlay(runtime::OptionTable& table, Options& options) {
  table.text(
      {"registry", "LOCATION",
       "Where this host gets its subnets: fixed, from --subnets; cluster, claimed among the "
       "hosts of the cluster of --metadata, out of --cluster-cidrs; kubernetes, the podCIDRs "
       "of its node, whose name is --host-name, in the cluster of --metadata; or "
       "flannel-etcd:http://HOST:2379[,HOST][/PREFIX], claimed in the etcd of a flannel "
       "network, whose configuration then says how the overlay is. docs/subnets.md."},
      options.registry, check_registry);
  runtime::describe_access(table, "registry", options.registry_access);
  table.integer({"subnet-length", "BITS",
                 "With --registry cluster: the prefix length of a host's IPv4 subnets, the same on "
                 "all hosts."},
                options.subnet_length, 8U, 30U);
  table.integer({"subnet-length-v6", "BITS", "The same for IPv6."}, options.subnet_length_v6, 16U,
                126U);
  table.duration({"subnet-grace", "TIME",
                  "With --registry cluster: how long a host must be gone, and its pods with it, "
                  "before its subnets are given back."},
                 options.subnet_grace, std::chrono::seconds{1}, std::chrono::hours{24 * 365});
  table.text({"subnet-file", "FILE",
              "Written for flannel's CNI plugin and for scripts, unless --registry is fixed."},
             options.subnet_file, checks::absolute_path());
  table.text({"annotation-prefix", "DOMAIN",
              "Under which hosts say in annotations how they are reached. Default: that of "
              "flannel, whose hosts may then be among them; paddock.io where none are to be."},
             options.annotation_prefix, check_domain);
  table.text({"overlay", "none|vxlan|host-gw|wireguard",
              "How packets get to pods of other hosts, which say in the registry of --metadata how "
              "they are reached. docs/overlay.md."},
             options.overlay, check_overlay);
  table.text({"reach-file", "FILE",
              "Where dnsd is told, with an overlay, which pods of other hosts this one reaches."},
             options.reach_file, checks::absolute_path());
  table.integer({"overlay-vni", "N", "Number of the VXLAN network."}, options.overlay_vni, 1U,
                (1U << 24U) - 1);
  table.integer({"overlay-port", "PORT", "UDP port of VXLAN."}, options.overlay_port,
                std::uint16_t{1}, std::uint16_t{65535});
  table.integer({"wireguard-port", "PORT",
                 "UDP port of WireGuard, the same on all hosts; over IPv6 it is the next one."},
                options.wireguard_port, std::uint16_t{1}, std::uint16_t{65534});
  table.boolean({"overlay-direct-routing", "",
                 "With vxlan: hosts on the same link are reached by plain routes."},
                options.overlay_direct_routing);
  table.boolean(
      {"probe-peers", "",
       "Ask other hosts now and then, by ICMP echo, whether packets of pods get there, how "
       "long they take, and whether the largest do. Needs CAP_NET_RAW."},
      options.probe_peers);
  table.text({"underlay", "INTERFACE",
              "The interface other hosts are reached by. Default: that of the default route."},
             options.underlay);
  table.list({"underlay-addresses", "ADDRESS",
              "Which of its addresses other hosts use, one of each family at most. Default: the "
              "first ones."},
             options.underlay_addresses, checks::address());
}

void describe_addresses(runtime::OptionTable& table, Options& options) {
  table.list({"cluster-cidrs", "CIDR",
              "Where all pods of the cluster have their addresses; traffic to these is never "
              "masqueraded."},
             options.cluster_cidrs, checks::subnet());
  table.list({"subnets", "CIDR",
              "What this host gives pod addresses from, for dual stack one of each family. "
              "Default: the first /24 (IPv6: /64) of each of --cluster-cidrs."},
             options.subnets, checks::subnet());
  table.list({"networks", "NAME=CIDR[,CIDR]",
              "Networks with subnets of their own; all others share --subnets."},
             options.networks, [&networks = options.networks](const std::string& text) {
               return check_network(text, networks);
             });
  table.list({"ranges", "FIRST-LAST", "Parts of those subnets to give out. Default: all."},
             options.ranges, check_range);
  table.list({"exclude", "FIRST-LAST", "Addresses never to give out."}, options.exclude,
             check_range);
  table.duration({"quarantine", "TIME",
                  "How long an address rests after its pod is gone; not shorter than the TTL of "
                  "pod names."},
                 options.quarantine, std::chrono::milliseconds{0}, std::chrono::hours{24});
  table.list({"service-addresses", "ADDRESS", "Where this host answers pods: DNS and metadata."},
             options.service_addresses, checks::address());
  table.text(
      {"data-path", "routed|bridge",
       "How pods meet the host: by a link and a route each, or as ports of a bridge; dataPath "
       "of a network's configuration comes first."},
      options.data_path, check_data_path);
  table.integer(
      {"mtu", "BYTES", "MTU of pods; 0: that of the default route's interface.", Reload::live},
      options.mtu, 0U, 65535U);
  table.boolean({"masquerade", "", "Give pods this host's address when they talk to the outside.",
                 Reload::live},
                options.masquerade);
}

void describe_dns(runtime::OptionTable& table, Options& options) {
  table.list({"dns", "ADDRESS", "Name servers told to runtimes.", Reload::live}, options.dns,
             checks::address());
  table.list({"dns-search", "DOMAIN",
              "Search list told to runtimes; {namespace} stands for the pod's.", Reload::live},
             options.dns_search);
  table.list({"dns-options", "OPTION", "Resolver options told to runtimes.", Reload::live},
             options.dns_options);
}

}  // namespace

void describe(runtime::OptionTable& table, Options& options) {
  table.text({"host-name", "NAME", "This host in the registry. Default: the kernel's host name."},
             options.host_name, runtime::check_host_name);
  table.list({"host-addresses", "ADDRESS",
              "This host's own addresses in the registry. Default: those of its interfaces."},
             options.host_addresses, checks::address());
  describe_addresses(table, options);
  describe_overlay(table, options);
  describe_dns(table, options);
  table.text({"socket", "PATH", "Where the plugin finds this daemon."}, options.socket,
             checks::absolute_path());
  table.integer({"threads", "N", "Pods attached at the same time."}, options.threads, 1U, 256U);
  table.text({"state-dir", "FOLDER", "Keeps the leases."}, options.state_dir,
             checks::absolute_path());
  table.boolean(
      {"replace", "",
       "Take the place of the netd that runs with this folder, if there is one: end it, "
       "or stand by until it ends where it is in another container. Pods go on, and those "
       "that start wait."},
      options.replace);
  table.text(
      {"metadata", "LOCATION",
       "Where pods are registered: paddock:/SOCKET or paddock:https://HOST:9760, a metadatad; "
       "etcd:https://HOST:2379[/PREFIX]; kubernetes:[/KUBECONFIG] or file:/PATH[,/PATH], of which "
       "pods are only read; or none. docs/stores.md."},
      options.metadata, check_metadata);
  runtime::describe_access(table, "metadata", options.metadata_access);
  table.text({"conflist", "FILE", "What --write-conflist writes."}, options.conflist,
             checks::absolute_path());
  table.text({"network-name", "NAME", "Name of the network in that file."}, options.network_name,
             check_network_name);
  table.boolean(
      {"write-conflist", "",
       "Write the network configuration for container runtimes, once netd can take pods."},
      options.write_conflist);
  table.list({"conflist-after", "ADDRESS:PORT",
              "Not before these are ready, too: the admin addresses of dnsd and metadatad."},
             options.conflist_after, checks::endpoint());
  table.text({"plugin-source", "FILE",
              "The plugin, to be copied to --plugin-target before. Default: it is there already."},
             options.plugin_source, [](const std::string& text) {
               return text.empty() ? std::string() : checks::absolute_path()(text);
             });
  table.text({"plugin-target", "FILE", "Where container runtimes look for it."},
             options.plugin_target, checks::absolute_path());
  table.action(
      {"purge", "", "Remove every link, route and rule of Paddock from this host, and end."},
      options.purge);
}

}  // namespace paddock::netd
