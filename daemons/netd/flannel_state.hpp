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

// The file's text, made of one key after the other: of thousands, none is held twice.
class FlannelStateText {
 public:
  FlannelStateText(const std::string& config, const std::map<std::string, std::int64_t>& own);
  void add(const std::string& key, const std::string& value);
  [[nodiscard]] std::string finish() &&;

 private:
  std::string text_;
  const char* separator_ = "";
};

}  // namespace paddock::netd
