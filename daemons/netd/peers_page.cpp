// SPDX-License-Identifier: Apache-2.0
//
// What netd tells of the other hosts: /peers, problems for /status, and metrics.
#include "netd/service.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace paddock::netd {
namespace {

using PeerJson = nlohmann::json;

constexpr std::array<const char*, 3> path_names = {"none", "direct", "vxlan"};

const char* name_of(net::PeerPath path) { return path_names[static_cast<std::size_t>(path)]; }

PeerJson peer_to_json(const net::PeerStatus& status) {
  PeerJson underlay = PeerJson::array();
  for (const auto& end : {status.peer.v4, status.peer.v6}) {
    if (end) underlay.push_back(end->underlay.to_string());
  }
  PeerJson subnets = PeerJson::array();
  for (const auto& subnet : status.peer.subnets) subnets.push_back(subnet.to_string());
  const auto since =
      std::chrono::duration_cast<std::chrono::milliseconds>(status.since.time_since_epoch());
  return {{"host", status.peer.host}, {"path", name_of(status.path)}, {"underlay", underlay},
          {"subnets", subnets},       {"since", since.count()},       {"trouble", status.trouble}};
}

}  // namespace

std::string Service::peers_page() const {
  PeerJson page{{"overlay", "none"}, {"peers", PeerJson::array()}};
  if (const auto settings = overlay_ ? overlay_->settings() : std::nullopt) {
    page["overlay"] = net::to_string(settings->backend);
    page["mtu"] = overlay_->pod_mtu();
    for (const auto& status : overlay_->peers()) page["peers"].push_back(peer_to_json(status));
  }
  return page.dump(2, ' ', false, PeerJson::error_handler_t::replace);
}

void Service::add_peer_problems(std::vector<runtime::Problem>& problems) const {
  using Severity = runtime::Problem::Severity;
  if (!overlay_) return;
  if (subnets_) {
    if (const auto why = subnet_registry_->trouble(); !why.empty())
      problems.push_back({Severity::warning,
                          "the registry of subnets is away; what was known goes on: " + why,
                          "look after what --registry names"});
    if (const auto why = subnets_->trouble(); !why.empty())
      problems.push_back({Severity::error, why, "docs/subnets.md says what to do"});
  }
  if (const auto why = overlay_->trouble(); !why.empty())
    problems.push_back({Severity::error, "the overlay: " + why, "journalctl -u paddock-netd"});
  const auto peers = overlay_->peers();
  const auto is_troubled = [](const net::PeerStatus& peer) { return !peer.trouble.empty(); };
  const auto first = std::ranges::find_if(peers, is_troubled);
  if (first == peers.end()) return;
  const auto count = std::ranges::count_if(peers, is_troubled);
  problems.push_back({Severity::warning,
                      "pods of " + std::to_string(count) + " of " + std::to_string(peers.size()) +
                          " hosts are not reached, first " + first->peer.host + ": " +
                          first->trouble,
                      "paddock peers shows all"});
}

void Service::peer_metrics(runtime::MetricsText& out) const {
  if (!overlay_) return;
  std::array<std::uint64_t, path_names.size()> count{};
  std::uint64_t troubled = 0;
  for (const auto& status : overlay_->peers()) {
    ++count[static_cast<std::size_t>(status.path)];
    if (!status.trouble.empty()) ++troubled;
  }
  out.gauge("paddock_net_peers", "Other hosts, by how packets get to their pods.");
  for (std::size_t i = 0; i < count.size(); ++i) out.sample(count[i], {{"path", path_names[i]}});
  out.gauge("paddock_net_peers_troubled", "Other hosts of which some subnet is not reached.");
  out.sample(troubled);
  if (!subnets_) return;
  const auto held = subnets_->held();
  const auto closed =
      static_cast<std::uint64_t>(std::ranges::count_if(held, &HeldSubnets::is_closed));
  out.gauge("paddock_net_subnets", "Subnets of this host; new pods get addresses of open ones.");
  out.sample(held.size() - closed, {{"state", "open"}});
  out.sample(closed, {{"state", "closed"}});
  out.gauge("paddock_net_subnet_registry_connected",
            "1 while the registry of subnets is followed.");
  out.sample(subnet_registry_->trouble().empty() ? 1 : 0);
}

}  // namespace paddock::netd
