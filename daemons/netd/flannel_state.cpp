// SPDX-License-Identifier: Apache-2.0
#include "netd/flannel_state.hpp"

#include "netd/whole_file.hpp"

#include <nlohmann/json.hpp>

#include <exception>
#include <utility>

namespace paddock::netd {
namespace {

std::string json_text(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

FlannelState load_flannel_state(const std::string& path) {
  FlannelState state;
  try {
    const auto json = nlohmann::json::parse(read_whole(path));
    json.at("config").get_to(state.config);
    json.at("subnets").get_to(state.subnets);
    json.at("own").get_to(state.own);
    return state;
  } catch (const std::exception&) {
    return {};
  }
}

FlannelStateText::FlannelStateText(const std::string& config,
                                   const std::map<std::string, std::int64_t>& own)
    : text_("{\"config\":" + json_text(config) + ",\"own\":" + json_text(own) + ",\"subnets\":{") {}

void FlannelStateText::add(const std::string& key, const std::string& value) {
  text_ += separator_ + json_text(key) + ":" + json_text(value);
  separator_ = ",";
}

std::string FlannelStateText::finish() && { return std::move(text_) + "}}\n"; }

}  // namespace paddock::netd
