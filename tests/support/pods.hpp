// SPDX-License-Identifier: Apache-2.0
//
// A host whose pods are looked after by a PodNetwork, and the requests a runtime would make.
#pragma once

#include "support/pod_network.hpp"
#include "support/temp_folder.hpp"

#include <paddock/net/pod_network.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace paddock::test {

inline net::PodNetworkOptions pod_options(const std::filesystem::path& directory) {
  net::PodNetworkOptions options;
  options.pool.name = "paddock";
  for (const char* subnet : {"10.42.0.0/24", "fd42::/64"})
    options.pool.subnets.push_back({.network = prefix(subnet), .gateway = {}, .ranges = {}});
  options.state_directory = directory;
  return options;
}

// A request as a runtime makes it; `keys` are more members of the configuration.
inline net::cni::Request cni_request(const std::string& command, const std::string& container,
                                     const std::string& keys = "",
                                     const std::string& arguments = "") {
  net::cni::Environment environment{{"CNI_COMMAND", command},
                                    {"CNI_CONTAINERID", container},
                                    {"CNI_NETNS", "/proc/none"},
                                    {"CNI_IFNAME", "eth0"},
                                    {"CNI_PATH", "/opt/cni/bin"}};
  if (!arguments.empty()) environment["CNI_ARGS"] = "IgnoreUnknown=1;" + arguments;
  std::string config = R"({"cniVersion":"1.1.0","name":"net","type":"paddock")";
  config += keys.empty() ? "}" : "," + keys + "}";
  auto request = net::cni::parse(environment, config);
  if (!request) throw std::runtime_error(request.error().msg);
  return *request;
}

class PodHost {
 public:
  explicit PodHost(const std::function<void(net::PodNetworkOptions&)>& change = {})
      : options_(pod_options(folder_.path())) {
    if (change) change(options_);
    start();
  }

  // As netd does it: what happened meanwhile is found at the start.
  void stop() { pods_.reset(); }
  void start() {
    auto options = options_;
    options.events.repaired = [this](const std::string& what) { repaired_.push_back(what); };
    options.events.failed = [this](const std::string& what) { failed_.push_back(what); };
    pods_.emplace(host.ns.get(), std::move(options));
  }
  void reboot() {
    stop();
    options_.boot_id = "another boot";
    start();
  }

  nlohmann::json add(const std::string& container, const Namespace& pod,
                     const std::string& keys = "", const std::string& arguments = "") {
    auto request = cni_request("ADD", container, keys, arguments);
    request.netns = pod.path();
    const auto answer = pods_->answer(request, &pod.get());
    if (!answer) throw std::runtime_error(answer.error().msg);
    return nlohmann::json::parse(*answer);
  }
  net::cni::Expected<std::string> del(const std::string& container) {
    return pods_->answer(cni_request("DEL", container), nullptr);
  }
  // Empty, or what CHECK says.
  std::string check(const std::string& container, const Namespace& pod,
                    const nlohmann::json& result) {
    auto request = cni_request("CHECK", container, "\"prevResult\":" + result.dump());
    request.netns = pod.path();
    const auto answer = pods_->answer(request, &pod.get());
    return answer ? std::string() : answer.error().msg;
  }

  net::PodNetwork& pods() { return *pods_; }
  const std::vector<std::string>& repaired() const { return repaired_; }
  const std::vector<std::string>& failed() const { return failed_; }
  std::uint64_t taken() const {
    std::uint64_t count = 0;
    for (const auto& usage : pods_->usage()) count += usage.taken;
    return count;
  }

  Host host;

 private:
  TempFolder folder_;
  net::PodNetworkOptions options_;
  std::vector<std::string> repaired_;
  std::vector<std::string> failed_;
  std::optional<net::PodNetwork> pods_;
};

inline std::string address_in(const nlohmann::json& result) {
  const auto text = result["ips"][0]["address"].get<std::string>();
  return text.substr(0, text.find('/'));
}

}  // namespace paddock::test
