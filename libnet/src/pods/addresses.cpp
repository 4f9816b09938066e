// SPDX-License-Identifier: Apache-2.0
//
// The plugin host-local: addresses for a link that another plugin makes.
#include "failure.hpp"
#include "pods/answers.hpp"
#include "pods/standard_pods.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>

namespace paddock::net {

using cni::Code;

cni::Failure StandardPods::not_reserved(const Error& error, const cni::Request& request) {
  auto failure = to_failure(error, request.version);
  if (error.code.value() == EEXIST) failure.details = "DEL has to come before another ADD";
  return failure;
}

cni::Expected<std::string> StandardPods::add_addresses(const cni::Request& request) {
  const auto settings = cni::attempt(request.version, [&] {
    return standard::host_local_settings(cni::parse_object(request.config), request);
  });
  if (!settings) return settings.error();
  auto ips = state_.host_local.reserve(*settings, {request.container, request.ifname});
  if (!ips) return not_reserved(ips.error(), request);
  cni::AddResult result;
  result.ips = std::move(*ips);
  result.routes = settings->routes;
  result.dns = settings->dns;
  return cni::format(result, request.version);
}

// Without ipam in the configuration there is nothing to free.
cni::Expected<std::string> StandardPods::del_addresses(const cni::Request& request) {
  const auto settings = cni::attempt(request.version, [&] {
    return standard::host_local_settings(cni::parse_object(request.config), request);
  });
  if (!settings) return std::string();
  const auto freed =
      state_.host_local.release(settings->folder, {request.container, request.ifname});
  return freed ? Answer(std::string()) : to_failure(freed.error(), request.version);
}

cni::Expected<std::string> StandardPods::check_addresses(const cni::Request& request) {
  const auto settings = cni::attempt(request.version, [&] {
    return standard::host_local_settings(cni::parse_object(request.config), request);
  });
  if (!settings) return settings.error();
  const auto holds = state_.host_local.holds(settings->folder, {request.container, request.ifname});
  if (!holds) return to_failure(holds.error(), request.version);
  if (*holds) return std::string();
  return cni::Failure{Code::broken, "no address is reserved for " + request.container,
                      "the pod has to be attached again", request.version};
}

std::vector<std::string> StandardPods::collect_addresses(const cni::Request& request) {
  const auto settings = cni::attempt(request.version, [&] {
    return standard::host_local_settings(cni::parse_object(request.config), request);
  });
  if (!settings) return {};
  return state_.collect_reservations(settings->folder, request);
}

}  // namespace paddock::net
