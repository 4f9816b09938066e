// SPDX-License-Identifier: Apache-2.0
//
// What netd tells of the other hosts: /peers, problems for /status, and metrics.
#include "netd/reach_file.hpp"
#include "netd/service.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace paddock::netd {
namespace {

using PeerJson = nlohmann::json;

constexpr std::array<const char*, 4> path_names = {"none", "direct", "vxlan", "wireguard"};

const char* name_of(net::PeerPath path) { return path_names[static_cast<std::size_t>(path)]; }

void append_clause(PeerJson& text, const std::string& clause) {
  const auto before = text.get<std::string>();
  if (!clause.empty()) text = before + (before.empty() ? "" : "; ") + clause;
}

PeerJson peer_to_json(const net::PeerStatus& status, const ProbedPeer* probed) {
  PeerJson underlay = PeerJson::array();
  for (const auto& end : {status.peer.v4, status.peer.v6}) {
    if (end) underlay.push_back(end->underlay.to_string());
  }
  PeerJson subnets = PeerJson::array();
  for (const auto& subnet : status.peer.subnets) subnets.push_back(subnet.to_string());
  const auto since =
      std::chrono::duration_cast<std::chrono::milliseconds>(status.since.time_since_epoch());
  PeerJson json{
      {"host", status.peer.host},  {"path", name_of(status.path)}, {"underlay", underlay},
      {"subnets", subnets},        {"since", since.count()},       {"reached", is_reached(status)},
      {"trouble", status.trouble}, {"answers", nullptr},           {"latency_ms", nullptr}};
  if (!probed) return json;
  json["answers"] = probed->answers();
  if (probed->answers())
    json["latency_ms"] = std::chrono::duration<double, std::milli>(probed->latency).count();
  append_clause(json["trouble"], is_silent(*probed) ? silence_text(*probed) : "");
  append_clause(json["trouble"], probed->size_trouble());
  return json;
}

// One problem for all peers `is_meant` holds of.
template <class Meant>
void add_probed_problem(std::vector<runtime::Problem>& problems,
                        const std::map<std::string, ProbedPeer>& found, const Meant& is_meant,
                        const std::string& what, const std::string& remedy) {
  const auto first =
      std::ranges::find_if(found, [&](const auto& peer) { return is_meant(peer.second); });
  if (first == found.end()) return;
  const auto count =
      std::ranges::count_if(found, [&](const auto& peer) { return is_meant(peer.second); });
  problems.push_back({runtime::Problem::Severity::warning,
                      std::to_string(count) + " of " + std::to_string(found.size()) + " hosts " +
                          what + ", first " + first->first,
                      remedy});
}

}  // namespace

std::string Service::peers_page() const {
  PeerJson page{{"overlay", "none"}, {"peers", PeerJson::array()}};
  if (const auto settings = overlay_ ? overlay_->settings() : std::nullopt) {
    page["overlay"] = net::to_string(settings->backend);
    page["mtu"] = overlay_->pod_mtu();
    const auto found = probed_peers();
    overlay_->each_peer([&](const net::PeerStatus& status) {
      const auto probed = found.find(status.peer.host);
      page["peers"].push_back(
          peer_to_json(status, probed == found.end() ? nullptr : &probed->second));
    });
  }
  return page.dump(2, ' ', false, PeerJson::error_handler_t::replace);
}

std::map<std::string, ProbedPeer> Service::probed_peers() const {
  return probes_ ? probes_->found() : std::map<std::string, ProbedPeer>{};
}

// Pods keep the MTU they were attached with.
void Service::add_mtu_problem(std::vector<runtime::Problem>& problems) const {
  const auto most = overlay_->pod_mtu();
  const auto leases = pods_->leases();
  const auto is_larger = [&](const auto& lease) { return lease.attachment.mtu > most; };
  const auto first = std::ranges::find_if(leases, is_larger);
  if (most == 0 || first == leases.end()) return;
  problems.push_back({runtime::Problem::Severity::warning,
                      std::to_string(std::ranges::count_if(leases, is_larger)) +
                          " pods send packets of up to " + std::to_string(first->attachment.mtu) +
                          " octets, and the way to other hosts carries " + std::to_string(most) +
                          ", first " + first->pod.name_space + "/" + first->pod.name,
                      "attach them anew; without --mtu, or with that as --mtu"});
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
      problems.push_back({has_open_subnet_ ? Severity::warning : Severity::error, why,
                          "docs/subnets.md says what to do"});
  }
  if (const auto why = overlay_->trouble(); !why.empty())
    problems.push_back({Severity::error, "the overlay: " + why, "journalctl -u paddock-netd"});
  const auto found = probed_peers();
  add_probed_problem(problems, found, is_silent, "do not answer any more",
                     "paddock peers shows which; paddock why POD where packets stop");
  add_probed_problem(
      problems, found, [](const ProbedPeer& peer) { return !peer.size_trouble().empty(); },
      "cannot be sent the largest packets of pods",
      "paddock peers says which MTU is wrong and what to set");
  add_mtu_problem(problems);
  std::size_t all = 0;
  std::size_t troubled = 0;
  std::string first;
  overlay_->each_peer([&](const net::PeerStatus& peer) {
    ++all;
    if (peer.trouble.empty()) return;
    if (++troubled == 1) first = peer.peer.host + ": " + peer.trouble;
  });
  if (troubled == 0) return;
  problems.push_back({Severity::warning,
                      "pods of " + std::to_string(troubled) + " of " + std::to_string(all) +
                          " hosts are not reached, first " + first,
                      "paddock peers shows all"});
}

void Service::peer_metrics(runtime::MetricsText& out) const {
  if (!overlay_) return;
  std::array<std::uint64_t, path_names.size()> count{};
  std::uint64_t troubled = 0;
  std::array<std::uint64_t, 2> reached{};
  overlay_->each_peer([&](const net::PeerStatus& status) {
    ++count[static_cast<std::size_t>(status.path)];
    ++reached[is_reached(status) ? 1 : 0];
    if (!status.trouble.empty()) ++troubled;
  });
  out.gauge("paddock_net_peers", "Other hosts, by how packets get to their pods.");
  for (std::size_t i = 0; i < count.size(); ++i) out.sample(count[i], {{"path", path_names[i]}});
  out.gauge("paddock_net_peers_troubled", "Other hosts of which some subnet is not reached.");
  out.sample(troubled);
  out.gauge("paddock_net_peers_reached",
            "Other hosts, by whether --reach-file says that their pods are reached.");
  out.sample(reached[0], {{"reached", "no"}});
  out.sample(reached[1], {{"reached", "yes"}});
  std::array<std::uint64_t, 2> answering{};
  std::uint64_t mtu_troubled = 0;
  std::chrono::nanoseconds slowest{0};
  for (const auto& [host, peer] : probed_peers()) {
    ++answering[peer.answers() ? 1 : 0];
    if (!peer.size_trouble().empty()) ++mtu_troubled;
    if (peer.answers()) slowest = std::max(slowest, peer.latency);
  }
  out.gauge("paddock_net_peers_probed", "Other hosts, by whether they answered the last time.");
  out.sample(answering[0], {{"answers", "no"}});
  out.sample(answering[1], {{"answers", "yes"}});
  out.gauge("paddock_net_peers_mtu_troubled",
            "Other hosts that the largest packets of pods do not get to.");
  out.sample(mtu_troubled);
  out.gauge("paddock_net_peer_latency_seconds",
            "Slowest answer of another host in the last round.");
  out.sample(std::chrono::duration<double>(slowest).count());
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
