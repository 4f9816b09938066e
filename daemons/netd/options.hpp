// SPDX-License-Identifier: Apache-2.0
//
// What netd can be told: the flags, the YAML keys and the manual page all come from describe().
#pragma once

#include "runtime/daemon.hpp"

#include <paddock/metadata/access.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace paddock::netd {

struct Options : runtime::CommonOptions {
  Options() { admin_listen = "127.0.0.1:9763"; }

  std::string host_name;  // empty: the kernel's
  std::vector<std::string> host_addresses;
  std::vector<std::string> cluster_cidrs{"10.42.0.0/16"};
  std::vector<std::string> subnets;
  std::vector<std::string> networks;
  std::string registry = "fixed";
  paddock::metadata::Access registry_access;
  unsigned subnet_length = 24;
  unsigned subnet_length_v6 = 64;
  std::chrono::milliseconds subnet_grace{std::chrono::hours{24}};
  std::string subnet_file = "/run/flannel/subnet.env";
  std::string annotation_prefix = "flannel.alpha.coreos.com";
  std::string overlay = "none";
  std::string reach_file = "/run/paddock/reach";
  std::uint32_t overlay_vni = 1;
  std::uint16_t overlay_port = 8472;
  std::uint16_t wireguard_port = 51820;
  bool overlay_direct_routing = false;
  bool probe_peers = true;
  std::string underlay;  // empty: that of the default route
  std::vector<std::string> underlay_addresses;
  std::vector<std::string> ranges;
  std::vector<std::string> exclude;
  std::chrono::milliseconds quarantine{std::chrono::seconds{30}};
  std::vector<std::string> service_addresses{"169.254.169.250"};
  std::string data_path = "routed";
  std::uint32_t mtu = 0;
  bool masquerade = true;

  std::vector<std::string> dns{"169.254.169.250"};
  std::vector<std::string> dns_search{"{namespace}.svc.cluster.local", "svc.cluster.local",
                                      "cluster.local"};
  std::vector<std::string> dns_options{"ndots:5"};

  std::string socket = "/run/paddock/net.sock";
  unsigned threads = 16;
  std::string state_dir = "/var/lib/paddock/netd";
  std::string metadata = "paddock:/run/paddock/metadata.sock";
  paddock::metadata::Access metadata_access;

  std::string conflist = "/etc/cni/net.d/10-paddock.conflist";
  std::string network_name = "paddock";
  bool write_conflist = false;
  std::vector<std::string> conflist_after;
  std::string plugin_source;  // empty: the plugin is installed by others
  std::string plugin_target = "/opt/cni/bin/paddock";
  bool purge = false;
};

void describe(runtime::OptionTable& table, Options& options);

}  // namespace paddock::netd
