// SPDX-License-Identifier: Apache-2.0
#include "netd/cluster_peers.hpp"

#include "netd/peer_queue.hpp"
#include "netd/peers.hpp"
#include "runtime/log.hpp"

#include <paddock/metadata/cluster.hpp>

#include <chrono>
#include <thread>
#include <utility>

namespace paddock::netd {
namespace {

namespace log = runtime::log;

constexpr std::chrono::seconds cluster_turn{1};

class ClusterPeers final : public SubnetRegistry {
 public:
  ClusterPeers(std::shared_ptr<Registry> registry, std::string host)
      : registry_(std::move(registry)), host_(std::move(host)) {}
  ~ClusterPeers() override { stop(); }

  void start(std::function<void()> changed) override {
    changed_ = std::move(changed);
    thread_ = std::jthread([this](const std::stop_token& stopping) { run(stopping); });
  }
  void stop() override {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::shared_ptr<const SubnetView> view() const override { return nullptr; }
  [[nodiscard]] std::optional<net::OverlaySettings> settings(
      net::OverlaySettings options) const override {
    return options;
  }
  [[nodiscard]] PeerChanges peer_changes() override { return peers_.take(); }
  [[nodiscard]] Answer take(const Subnets& subnets) override {
    return {Outcome::failed, to_text(subnets) + " cannot be claimed: subnets are configured"};
  }
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
  PeerQueue peers_;
  std::function<void()> changed_;
  std::jthread thread_;
};

std::optional<net::Peer> ClusterPeers::known_peer(const metadata::Host& host) const {
  if (host.name == host_) return {};
  auto peer = peer_of(host);
  if (peer) return *peer;
  log::warning("a host is left out of the overlay", {{"reason", peer.error().text}});
  return {};
}

void ClusterPeers::run(const std::stop_token& stopping) {
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

std::unique_ptr<SubnetRegistry> open_cluster_peers(std::shared_ptr<Registry> registry,
                                                   std::string host) {
  return std::make_unique<ClusterPeers>(std::move(registry), std::move(host));
}

}  // namespace paddock::netd
