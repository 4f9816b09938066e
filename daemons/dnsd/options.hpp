// SPDX-License-Identifier: Apache-2.0
//
// What dnsd can be told: the flags, the YAML keys and the manual page all come from describe().
#pragma once

#include "runtime/daemon.hpp"

#include <paddock/dns/name.hpp>
#include <paddock/dns/upstream.hpp>
#include <paddock/metadata/access.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paddock::dnsd {

struct Options : runtime::CommonOptions {
  Options() { admin_listen = "127.0.0.1:9762"; }

  std::vector<std::string> listen{"169.254.169.250:53"};
  std::vector<std::string> probe_listen;
  std::vector<std::string> sources;  // see sources.hpp
  metadata::Access source_access;
  std::string state_dir = "/var/lib/paddock/dnsd";
  unsigned workers = 0;
  std::string server_id;

  std::vector<std::string> cluster_zones{"cluster.local"};
  std::string rancher_zone = "rancher.internal";
  std::vector<std::string> metadata_address{"169.254.169.250"};
  std::vector<std::string> server_addresses;  // empty: those of `listen`
  std::vector<std::string> reverse_subnets;
  std::string pods = "insecure";
  bool endpoint_pod_names = false;
  bool endpoints = true;
  std::string reach_file;
  bool ignore_empty_services = false;
  bool zonal_names = false;
  std::string external_zone = "none";
  bool external_headless = false;
  std::string external_apex = "dns";
  std::string clusterset_zone = "none";
  std::vector<std::string> ingress_zones;
  std::vector<std::string> namespaces;
  std::string namespace_labels;
  std::string labels;

  std::string host_name;  // empty: the kernel's
  std::string answers;    // a file; empty: none
  std::string listen_reload;
  std::vector<std::string> search;
  unsigned ndots = 0;
  bool autopath = false;
  std::vector<std::string> autopath_search;
  std::vector<std::string> never_recurse_to{"169.254.169.250"};
  std::vector<std::string> visible_namespaces;  // NAMESPACE=NAMESPACE+NAMESPACE
  std::vector<std::string> zones;               // ORIGIN=FILE
  std::vector<std::string> transfer_to;
  std::vector<std::string> skydns_domains{"skydns.local"};
  std::chrono::milliseconds skydns_ttl{std::chrono::hours{1}};
  std::chrono::milliseconds ttl{5000};
  std::vector<std::string> zone_ttl;  // ZONE=TIME

  bool forward = true;
  std::chrono::milliseconds upstream_timeout{1200};
  std::vector<std::string> upstreams;
  std::vector<std::string> stubs;
  std::string upstream_order = "fastest";
  bool random_case = false;
  std::string tls_ca;
  bool private_reverse = false;
  std::string resolv_conf = "/etc/resolv.conf";
  std::uint32_t cache_mb = 8;
  std::uint32_t cache_capacity = 0;
  std::chrono::milliseconds cache_ttl{std::chrono::hours{1}};
  std::chrono::milliseconds cache_negative_ttl{std::chrono::minutes{30}};
  bool prefetch = true;
  std::chrono::milliseconds serve_stale{std::chrono::hours{1}};

  std::vector<std::string> hosts;
  std::vector<std::string> hosts_files;
  std::chrono::milliseconds hosts_ttl{std::chrono::minutes{1}};
  std::vector<std::string> block;
  std::vector<std::string> block_files;
  std::string block_answer = "nxdomain";
  std::vector<std::string> block_types;
  std::vector<std::string> rewrite;
  std::string dns64 = "none";

  bool coredns_metrics = false;
  unsigned query_log = 0;  // one query in so many; 0: none

  std::uint16_t max_udp_payload = 1232;
  std::uint32_t udp_rate = 0;  // replies a second to one address; 0: any number
  std::uint32_t tcp_connections = 1000;
  std::uint32_t tcp_connections_per_client = 100;
};

// The stub zones of Options::stubs. An item without a zone goes on with the one before it, as a
// command line cuts `ZONE=ADDRESS,ADDRESS` at its commas.
[[nodiscard]] std::vector<dns::StubZone> stub_zones(const Options& options);

void describe(runtime::OptionTable& table, Options& options);

// The name servers of our zones: as told, else where this server listens.
[[nodiscard]] std::vector<boost::asio::ip::address> server_addresses(const Options& options);

// What `listen` comes to; `:53` is every address of both families.
[[nodiscard]] std::vector<dns::Endpoint> listen_endpoints(const Options& options);
[[nodiscard]] std::vector<dns::Endpoint> probe_endpoints(const Options& options);

// Where POST /v1/reload is taken. Unless told, where rancher-dns took it if there is an answers
// file, else nowhere.
[[nodiscard]] std::optional<dns::Endpoint> reload_endpoint(const Options& options);

// How this host is called in the cluster.
[[nodiscard]] std::string host_name(const Options& options);

// `ttl`, and the TTL of a zone of ours: its own in `zone_ttl`, else that.
[[nodiscard]] std::chrono::seconds ttl_of(const Options& options);
[[nodiscard]] std::chrono::seconds ttl_of(const Options& options, const dns::Name& zone);

}  // namespace paddock::dnsd
