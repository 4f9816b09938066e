// SPDX-License-Identifier: Apache-2.0
#include "netd/cluster_hosts.hpp"

#include "netd/peer_queue.hpp"
#include "netd/peers.hpp"
#include "runtime/log.hpp"

#include <paddock/metadata/cluster.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

namespace paddock::netd {
namespace {

namespace log = runtime::log;

constexpr std::chrono::seconds cluster_turn{1};

// What the cluster says, where it says who has which subnets.
struct Assignment {
  net::OverlaySettings overlay;
  std::vector<net::Prefix> networks;
};

// The subnets of a Host object in their order: the first of each family go together, and so on.
std::vector<Subnets> announced_by(const metadata::Host& host) {
  std::vector<Subnets> all;
  const auto add = [&all](std::optional<net::Prefix> Subnets::*family, const net::Prefix& subnet) {
    const auto open = std::ranges::find_if(all, [&](const auto& each) { return !(each.*family); });
    ((open == all.end() ? all.emplace_back() : *open).*family) = subnet;
  };
  for (const auto& subnet : host.subnets) {
    const net::Prefix prefix{subnet.address, subnet.length};
    add(prefix.address.is_v4() ? &Subnets::v4 : &Subnets::v6, prefix);
  }
  return all;
}

class ClusterHosts final : public SubnetRegistry {
 public:
  ClusterHosts(std::shared_ptr<Registry> registry, std::string host, std::string prefix,
               std::optional<Assignment> assignment)
      : registry_(std::move(registry)),
        host_(std::move(host)),
        prefix_(std::move(prefix)),
        assignment_(std::move(assignment)) {}
  ~ClusterHosts() override { stop(); }

  void start(std::function<void()> changed) override {
    changed_ = std::move(changed);
    thread_ = std::jthread([this](const std::stop_token& stopping) { run(stopping); });
  }
  void stop() override {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::shared_ptr<const SubnetView> view() const override;
  [[nodiscard]] std::optional<net::OverlaySettings> settings(
      net::OverlaySettings options) const override {
    return options;
  }
  [[nodiscard]] PeerChanges peer_changes() override { return peers_.take(); }
  [[nodiscard]] Answer take(const Subnets& subnets) override {
    return {Outcome::failed,
            to_text(subnets) + " cannot be claimed: others say who has which subnets"};
  }
  void release(const Subnets&) override {}    // nor given back
  void publish(const net::Peer&) override {}  // the Host object says it
  [[nodiscard]] Answer keep() override { return {}; }
  [[nodiscard]] std::string trouble() const override {
    return registry_->is_connected() ? "" : "the registry is away";
  }

 private:
  void run(const std::stop_token& stopping);
  [[nodiscard]] std::optional<net::Peer> known_peer(const metadata::Host& host) const;

  const std::shared_ptr<Registry> registry_;
  const std::string host_;
  const std::string prefix_;
  const std::optional<Assignment> assignment_;
  PeerQueue peers_;
  std::function<void()> changed_;
  std::jthread thread_;
};

std::shared_ptr<const SubnetView> ClusterHosts::view() const {
  const auto cluster = assignment_ ? registry_->cluster() : nullptr;
  if (!cluster) return nullptr;
  auto view = std::make_shared<SubnetView>();
  view->networks = assignment_->networks;
  view->is_current = registry_->is_connected();
  view->is_assigned = true;
  if (const auto host = cluster->find<metadata::Host>(host_)) {
    for (const auto& subnets : announced_by(*host))
      view->claims.push_back({.subnets = subnets, .holder = host_, .is_ours = true});
  }
  return view;
}

std::optional<net::Peer> ClusterHosts::known_peer(const metadata::Host& host) const {
  if (host.name == host_) return {};
  auto peer = peer_of(host, prefix_);
  if (peer && !*peer && assignment_) return assumed_peer_of(host, assignment_->overlay);
  if (peer) return *peer;
  log::warning("a host is left out of the overlay", {{"reason", peer.error().text}});
  return {};
}

void ClusterHosts::run(const std::stop_token& stopping) {
  std::shared_ptr<const metadata::Cluster> seen;
  while (!stopping.stop_requested()) {
    const auto next = registry_->next(seen, std::chrono::steady_clock::now() + cluster_turn);
    if (!next) continue;
    if (!seen) {
      std::vector<net::Peer> all;
      for (const auto& host : next->hosts()) {
        if (auto peer = known_peer(host)) all.push_back(std::move(*peer));
      }
      peers_.replace(std::move(all));
    } else {
      (void)metadata::diff(
          *seen, *next,
          [&](const metadata::Difference& difference) {
            const auto& either = difference.either();
            if (either.kind != metadata::Kind::host) return false;  // hosts come first
            const auto* host = metadata::as<metadata::Host>(difference.after.get());
            auto peer = host ? known_peer(*host) : std::nullopt;
            if (peer)
              peers_.put(std::move(*peer));
            else
              peers_.remove(either.name.str());
            return true;
          },
          std::nullopt);
    }
    seen = next;
    changed_();
  }
}

}  // namespace

std::unique_ptr<SubnetRegistry> open_cluster_hosts(std::shared_ptr<Registry> registry,
                                                   std::string host, std::string prefix) {
  return std::make_unique<ClusterHosts>(std::move(registry), std::move(host), std::move(prefix),
                                        std::nullopt);
}

std::unique_ptr<SubnetRegistry> open_assigned_subnets(std::shared_ptr<Registry> registry,
                                                      std::string prefix,
                                                      net::OverlaySettings overlay,
                                                      std::vector<net::Prefix> networks) {
  auto host = overlay.host;
  return std::make_unique<ClusterHosts>(
      std::move(registry), std::move(host), std::move(prefix),
      Assignment{.overlay = std::move(overlay), .networks = std::move(networks)});
}

}  // namespace paddock::netd
