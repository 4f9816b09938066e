// SPDX-License-Identifier: Apache-2.0
//
// netd among other hosts: where its subnets come from, and the overlay. Both have threads of their
// own; the control thread takes over what they found out.
#include "netd/cluster_hosts.hpp"
#include "netd/cluster_subnets.hpp"
#include "netd/flannel_registry.hpp"
#include "netd/host_facts.hpp"
#include "netd/peers.hpp"
#include "netd/plan.hpp"
#include "netd/reach_file.hpp"
#include "netd/service.hpp"
#include "netd/wireguard_keys.hpp"
#include "runtime/log.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace paddock::netd {
namespace {

namespace log = runtime::log;

constexpr std::chrono::milliseconds between_reach_files{500};
constexpr std::uint64_t nearly_used_up = 4;  // fewer free addresses than a quarter

// Of texts that were checked.
std::vector<net::Prefix> prefixes_of(const std::vector<std::string>& texts) {
  std::vector<net::Prefix> prefixes;
  for (const auto& text : texts) prefixes.push_back(net::Prefix::parse(text).value());
  return prefixes;
}

net::OverlaySettings overlay_settings(const Options& options, const std::string& host) {
  net::OverlaySettings settings;
  settings.host = host;
  settings.backend = net::parse_overlay_backend(options.overlay).value();
  settings.vni = options.overlay_vni;
  settings.port = options.overlay_port;
  settings.direct_routing = options.overlay_direct_routing;
  settings.wireguard.port = options.wireguard_port;
  settings.wireguard.port_v6 = options.wireguard_port + 1;
  settings.wireguard.networks = prefixes_of(options.cluster_cidrs);
  if (!options.underlay.empty()) settings.interface = options.underlay;
  for (const auto& text : options.underlay_addresses)
    settings.addresses.push_back(boost::asio::ip::make_address(text));
  return settings;
}

std::vector<net::Prefix> networks_of(const net::HostPlan& plan) {
  std::vector<net::Prefix> networks;
  for (const auto& subnet : plan.subnets) networks.push_back(subnet.network);
  return networks;
}

}  // namespace

net::HostPlan Service::open_registries() {
  const auto name = host_name(options_);
  std::shared_ptr<Registry> registry;
  if (options_.metadata != "none")
    registry = open_registry({.location = options_.metadata,
                              .access = options_.metadata_access,
                              .host = name,
                              .state_dir = options_.state_dir,
                              .knows_other_pods = options_.registry == "cluster"});
  if (options_.registry != "fixed") {
    if (!options_.subnets.empty())
      throw std::runtime_error("--subnets says what --registry is to say; leave one of them out");
    const bool is_flannels = options_.registry != "cluster" && options_.registry != "kubernetes";
    if (!registry && !is_flannels)
      throw std::runtime_error("--registry " + options_.registry +
                               " needs --metadata: there the hosts are");
    if (options_.registry == "cluster") {
      auto pools = subnet_pools(options_);
      subnet_registry_ =
          open_cluster_subnets(registry, {.host = name,
                                          .annotations = options_.annotation_prefix + "/",
                                          .v4 = std::move(pools.v4),
                                          .v6 = std::move(pools.v6),
                                          .networks = prefixes_of(options_.cluster_cidrs),
                                          .grace = options_.subnet_grace});
    } else if (options_.registry == "kubernetes") {
      subnet_registry_ = open_assigned_subnets(registry, options_.annotation_prefix + "/",
                                               overlay_settings(options_, name),
                                               prefixes_of(options_.cluster_cidrs));
    } else {
      auto flannel = parse_flannel_location(options_.registry).value();
      flannel.access = options_.registry_access;
      flannel.state_file = options_.state_dir + "/flannel.json";
      subnet_registry_ = open_flannel_registry(flannel);
    }
    subnets_ = std::make_unique<HostSubnets>(
        *subnet_registry_, options_.state_dir + "/subnets.json",
        [this](const net::Prefix& subnet) { return has_pods(subnet); }, wake_);
    if (const auto had = net::flannel::parse_subnet_file(read_whole(options_.subnet_file)))
      subnets_->prefer(*had);
    note_taken_in(subnets_->held());
    for (const auto& held : taken_in_) {
      for (const auto& subnet : prefixes(held.subnets))
        options_.subnets.push_back(subnet.to_string());
    }
  } else if (options_.overlay != "none") {
    if (!registry)
      throw std::runtime_error("--overlay needs --metadata: there hosts say how they are reached");
    subnet_registry_ = open_cluster_hosts(registry, name, options_.annotation_prefix + "/");
  }
  if (registry) {
    auto facts = host_facts(options_, host_);
    facts.is_assigned = options_.registry == "kubernetes";
    registrar_ = std::make_unique<Registrar>(registry, std::move(facts));
  }
  return host_plan(options_);
}

void Service::open_overlay() {
  if (!subnet_registry_) return;
  const auto key_file = options_.state_dir + "/wireguard.key";
  // A key that cannot be read ends the start: without it packets would leave in clear text.
  if (options_.overlay == "wireguard" || std::filesystem::exists(key_file))
    (void)load_wireguard_keys(key_file);
  overlay_ = std::make_unique<HostOverlay>(
      host_, *subnet_registry_, overlay_settings(options_, host_name(options_)), networks_of(plan_),
      key_file,
      OverlayEvents{.self =
                        [this](const net::Peer& self) {
                          subnet_registry_->publish(self);
                          const std::lock_guard lock(mutex_);
                          self_ = self;
                        },
                    .repaired = [this](const std::string& what) { note_repair(what); },
                    .followed =
                        [this] {
                          if (subnets_) subnets_->wake();
                          wake_();
                        }});
}

void Service::start_following() {
  if (!subnet_registry_) return;
  subnet_registry_->start([this] { overlay_->wake(); });
  overlay_->start();
  if (subnets_) subnets_->start();
  if (options_.probe_peers) start_probes();
}

void Service::start_probes() {
  try {
    probes_ = std::make_unique<PeerProbes>(host_, [this] {
      std::vector<ProbeTarget> targets;
      const auto self = overlay_->self();
      if (!self) return targets;
      overlay_->each_peer([&](const net::PeerStatus& peer) {
        if (auto target = probe_target(*self, pod_mtu_, peer))
          targets.push_back(std::move(*target));
      });
      return targets;
    });
  } catch (const std::system_error& failed) {
    log::warning("other hosts are not asked whether they answer; that needs CAP_NET_RAW",
                 {{"reason", failed.what()}});
  }
}

void Service::stop_following() {
  probes_.reset();
  if (subnet_registry_) subnet_registry_->stop();
  overlay_.reset();  // it wakes the other
  subnets_.reset();
}

// Gateway and routes first: an address may be given out as soon as the pool has it.
void Service::take_in(const HeldSubnets& held) {
  for (const auto& network : prefixes(held.subnets)) {
    const net::PoolSubnet subnet{.network = network, .gateway = {}, .ranges = {}};
    const auto known = networks_of(plan_);
    if (std::ranges::find(known, network) == known.end()) {
      const net::AddressPool pool({.subnets = {subnet}, .exclusions = {}});
      plan_.subnets.push_back({network, pool.gateway_of(network.address).value()});
      if (const auto made = network_.ensure(plan_); !made)
        log::error("host network", {{"error", made.error().text}});
    }
    const auto usages = pods_->usage();
    const auto usage = std::ranges::find(usages, network, &net::AddressPool::Usage::network);
    if (usage == usages.end() || (usage->size == 0 && !held.is_closed)) {  // new, or back again
      if (const auto added = pods_->add_subnet(subnet); !added)
        log::error("a subnet is of no use", {{"reason", added.error().text}});
    }
    if (held.is_closed) pods_->close_subnet(network);
  }
}

void Service::note_taken_in(std::vector<HeldSubnets> held) {
  taken_in_ = std::move(held);
  has_open_subnet_ =
      std::ranges::any_of(taken_in_, [](const auto& each) { return !each.is_closed; });
}

bool Service::has_pods(const net::Prefix& subnet) const {
  return std::ranges::any_of(pods_->usage(), [&](const auto& usage) {
    return usage.network == subnet && usage.taken + usage.resting != 0;
  });
}

// Nobody of ours is in it any more, and others may be: packets must leave this host again.
void Service::let_go(const HeldSubnets& gone) {
  for (const auto& network : prefixes(gone.subnets))
    std::erase_if(plan_.subnets, [&](const auto& subnet) { return subnet.network == network; });
  if (const auto made = network_.ensure(plan_); !made)
    log::error("host network", {{"error", made.error().text}});
}

void Service::follow_subnets() {
  if (!subnet_registry_) return;
  if (subnets_) {
    const auto view = subnet_registry_->view();
    for (const auto& network : view ? view->networks : std::vector<net::Prefix>{}) {
      if (std::ranges::find(plan_.cluster_networks, network) == plan_.cluster_networks.end())
        plan_.cluster_networks.push_back(network);
    }
    if (auto held = subnets_->held(); held != taken_in_) {
      for (const auto& before : taken_in_) {
        const auto is_same = [&](const auto& each) { return each.subnets == before.subnets; };
        if (std::ranges::none_of(held, is_same)) let_go(before);
      }
      for (const auto& each : held) take_in(each);
      note_taken_in(std::move(held));
    }
    std::uint64_t size = 0;
    std::uint64_t used = 0;
    for (const auto& usage : pods_->usage()) {
      if (usage.size == 0) continue;  // closed
      size = std::max(size, usage.size);
      used += usage.taken + usage.resting;
    }
    std::uint64_t all = 0;
    for (const auto& usage : pods_->usage()) all += usage.size;
    subnets_->set_nearly_full(size != 0 && (all - std::min(all, used)) * nearly_used_up < size);
  }
  if (const auto mtu = overlay_->pod_mtu(); options_.mtu == 0 && mtu != 0 && mtu != pod_mtu_) {
    pod_mtu_ = mtu;
    pods_->set_mtu(mtu);
  }
  overlay_->set_subnets(networks_of(plan_));
  write_subnet_file();
  write_reach_file();
  tell_host();
}

void Service::write_subnet_file() {
  const auto view = subnets_ ? subnet_registry_->view() : nullptr;
  const auto open = std::ranges::find(taken_in_, false, &HeldSubnets::is_closed);
  if (!view || open == taken_in_.end()) return;
  const auto text = net::flannel::format_subnet_file({.networks = view->networks,
                                                      .subnets = open->subnets,
                                                      .mtu = pod_mtu_,
                                                      .masquerade = options_.masquerade});
  if (const auto failed = subnet_file_.put(options_.subnet_file, text))
    log::error("the subnet file is not written", {{"error", *failed}});
}

// With thousands of peers it takes a moment, and every pod wakes us.
void Service::write_reach_file() {
  const auto now = std::chrono::steady_clock::now();
  const auto settings = overlay_->settings();
  if (!settings || now - reach_looked_at_ < between_reach_files) return;
  reach_looked_at_ = now;
  auto text = format_reach(settings->backend, plan_.cluster_networks, networks_of(plan_));
  if (settings->backend != net::OverlayBackend::none)
    overlay_->each_peer([&](const net::PeerStatus& peer) { text += format_reach(peer); });
  if (const auto failed = reach_file_.put(options_.reach_file, text))
    log::error("dnsd is not told what is reached", {{"error", *failed}});
}

void Service::tell_host() {
  std::optional<net::Peer> self;
  {
    const std::lock_guard lock(mutex_);
    self = self_;
  }
  if (!registrar_ || !self) return;
  const auto prefix = options_.annotation_prefix + "/";
  if (const auto host = registrar_->host()) self = overwritten(std::move(*self), *host, prefix);
  registrar_->set_host(networks_of(plan_), annotations_of(*self, prefix));
}

std::string Service::subnet_trouble() const {
  if (!subnets_ || has_open_subnet_) return {};
  const auto why = subnets_->trouble();
  return "this host has no subnet for pods yet" + (why.empty() ? "" : ": " + why);
}

}  // namespace paddock::netd
