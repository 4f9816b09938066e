// SPDX-License-Identifier: Apache-2.0
//
// What was last known of flannel's etcd, in a file: a host that starts while etcd is away goes on
// with it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace paddock::netd {

struct FlannelState {
  std::string config;                          // PREFIX/config; empty: never known
  std::map<std::string, std::string> subnets;  // key and value
  std::map<std::string, std::int64_t> own;     // keys that are this host's: when created
};

// What cannot be read is as if it were not there: etcd has it, too.
[[nodiscard]] FlannelState load_flannel_state(const std::string& path);
// Throws std::runtime_error with a sentence.
void save_flannel_state(const std::string& path, const FlannelState& state);

}  // namespace paddock::netd
