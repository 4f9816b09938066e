// SPDX-License-Identifier: Apache-2.0
//
// How a packet gets to a pod's address, decision by decision: /paths/ADDRESS from this host,
// /paths/NAMESPACE/NAME/ADDRESS from a pod attached to it.
#include "netd/service.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace paddock::netd {
namespace {

using PathJson = nlohmann::json;
using Steps = std::vector<net::PathStep>;

constexpr std::string_view paths_prefix = "/paths/";

std::string path_to_json(const net::IpAddress& address, const Steps& steps) {
  PathJson listed = PathJson::array();
  for (const auto& [decision, trouble, passes] : steps)
    listed.push_back({{"decision", decision}, {"trouble", trouble}, {"passes", passes}});
  const PathJson page{{"address", address.to_string()},
                      {"arrives", steps.empty() || steps.back().passes},
                      {"steps", std::move(listed)}};
  return page.dump(2, ' ', false, PathJson::error_handler_t::replace);
}

bool has_address(const net::Lease& lease, const net::IpAddress& address) {
  return std::ranges::find(lease.attachment.addresses, address) != lease.attachment.addresses.end();
}

// A host that never answered may be forbidden to.
net::PathStep step_to(const std::string& host, const ProbedPeer& probed) {
  net::PathStep step;
  step.decision = "host " + host;
  if (probed.answers())
    step.decision += " answers within " + latency_text(probed.latency);
  else if (probed.answered.time_since_epoch().count() == 0)
    step.trouble =
        "it has never answered: is it up, is UDP let through between the hosts, is ICMP?";
  else
    step.trouble = silence_text(probed) + ": is it up, is UDP let through between the hosts?";
  step.passes = !is_silent(probed);
  if (step.trouble.empty()) step.trouble = probed.size_trouble();
  return step;
}

net::PathStep step_at(const net::Lease& lease, const std::vector<std::string>& lacks) {
  net::PathStep step;
  step.decision = "pod " + lease.pod.name_space + "/" + lease.pod.name + " at link " +
                  lease.attachment.host_link;
  for (const auto& lack : lacks) step.trouble += (step.trouble.empty() ? "" : "; ") + lack;
  if (!lacks.empty()) {
    step.trouble += "; paddock why " + lease.pod.name_space + "/" + lease.pod.name + " says more";
    step.passes = false;
  }
  return step;
}

}  // namespace

// What the kernel decides, then what the other host has said of late.
void Service::add_way(std::vector<net::PathStep>& steps, const net::IpAddress& address,
                      const std::optional<net::PathOrigin>& origin) const {
  std::ranges::copy(overlay_->trace(address, origin), std::back_inserter(steps));
  if (steps.empty() || !steps.back().passes) return;
  const auto found = probed_peers();
  overlay_->each_peer([&](const net::PeerStatus& status) {
    const auto probed = found.find(status.peer.host);
    const bool has_it = std::ranges::any_of(
        status.peer.subnets, [&](const auto& subnet) { return subnet.contains(address); });
    if (has_it && probed != found.end()) steps.push_back(step_to(probed->first, probed->second));
  });
}

std::optional<std::string> Service::path_page(std::string_view path) const {
  auto rest = path.substr(paths_prefix.size());
  const auto last = rest.rfind('/');
  const std::string text(last == rest.npos ? rest : rest.substr(last + 1));
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(text, failed);
  if (failed) return {};
  const auto leases = pods_->leases();
  Steps steps;
  std::optional<net::PathOrigin> origin;
  if (last != rest.npos) {
    const auto pod = rest.substr(0, last);
    const auto own = std::ranges::find_if(leases, [&](const net::Lease& lease) {
      return lease.pod.name_space + "/" + lease.pod.name == pod;
    });
    if (own == leases.end()) return {};
    for (const auto& each : own->attachment.addresses) {
      if (each.is_v4() == address.is_v4())
        origin = net::PathOrigin{.link = own->attachment.host_link, .address = each};
    }
    steps.push_back(step_at(*own, pods_->examine(*own)));
    if (!steps.back().passes) return path_to_json(address, steps);
  }
  const auto here = std::ranges::find_if(
      leases, [&](const net::Lease& lease) { return has_address(lease, address); });
  if (here != leases.end())
    steps.push_back(step_at(*here, pods_->examine(*here)));
  else if (overlay_)
    add_way(steps, address, origin);
  else
    steps.push_back({"the overlay", "this host has none: --overlay none", false});
  return path_to_json(address, steps);
}

}  // namespace paddock::netd
