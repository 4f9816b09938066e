// SPDX-License-Identifier: Apache-2.0
//
// What metadatad can be told: the flags, the YAML keys and the manual page all come from
// describe().
#pragma once

#include "runtime/daemon.hpp"

#include <paddock/metadata/access.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace paddock::metadatad {

struct Options : runtime::CommonOptions {
  Options() { admin_listen = "127.0.0.1:9761"; }

  std::string store = "embedded:";
  metadata::Access store_access;
  std::chrono::milliseconds owner_time{std::chrono::seconds{60}};
  bool all_pods = false;
  bool imports = false;
  bool ingresses = false;
  bool cordon = false;
  std::string state_dir = "/var/lib/paddock/metadatad";
  std::string socket = "/run/paddock/metadata.sock";
  std::string socket_group;
  unsigned audit_mb = 16;
  unsigned audit_files = 5;

  std::vector<std::string> api_listen;
  metadata::ServerTls api_tls;
  std::string api_token_file;

  std::vector<std::string> listen{"169.254.169.250:80"};
  std::string answers;
  std::string listen_reload;  // empty: 127.0.0.1:8112 with answers, else none
  unsigned workers = 1;
  unsigned max_connections = 16384;
  unsigned max_connections_per_client = 0;
  bool xff = false;
  bool require_token = false;
  std::string visibility = "all";
  std::string host_name;  // empty: the kernel's
  std::string environment = "Default";
  std::string environment_uuid;
  std::string region;
};

void describe(runtime::OptionTable& table, Options& options);

}  // namespace paddock::metadatad
