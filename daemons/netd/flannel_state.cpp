// SPDX-License-Identifier: Apache-2.0
#include "netd/flannel_state.hpp"

#include "netd/whole_file.hpp"

#include <nlohmann/json.hpp>

namespace paddock::netd {

FlannelState load_flannel_state(const std::string& path) {
  FlannelState state;
  try {
    const auto json = nlohmann::json::parse(read_whole(path));
    json.at("config").get_to(state.config);
    json.at("subnets").get_to(state.subnets);
    json.at("own").get_to(state.own);
    return state;
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

void save_flannel_state(const std::string& path, const FlannelState& state) {
  const nlohmann::json json{
      {"config", state.config}, {"subnets", state.subnets}, {"own", state.own}};
  write_whole(path, json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace paddock::netd
