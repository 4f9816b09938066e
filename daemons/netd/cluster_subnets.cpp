// SPDX-License-Identifier: Apache-2.0
//
// Three things together make a subnet one host's: its object is created and never overwritten; who
// has created it looks for others that overlap it, in a state that holds its own; and it is erased
// by others only as they have seen it, so not when its host has come back.
#include "netd/cluster_subnets.hpp"

#include "netd/cluster_hosts.hpp"
#include "netd/subnet_claims.hpp"
#include "runtime/log.hpp"

#include <paddock/metadata/cluster.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace paddock::netd {
namespace {

namespace log = runtime::log;
using std::chrono::steady_clock;

constexpr std::chrono::seconds told_within{2};  // what was written, to who wrote it
constexpr std::chrono::seconds between_looks{1};

// Whether hosts or claims differ; pods come and go a hundred times as often.
bool is_other(const metadata::Cluster& before, const metadata::Cluster& after) {
  bool is_host = false;
  (void)metadata::diff(before, after, [&](const metadata::Difference& difference) {
    is_host = difference.either().kind == metadata::Kind::host;  // they come first
    return false;
  });
  const auto stop = [](const metadata::Difference&) { return false; };
  return is_host ||
         !metadata::diff(before, after, stop, metadata::Key{metadata::Kind::subnet, {}, {}});
}

class ClusterSubnets final : public SubnetRegistry {
 public:
  ClusterSubnets(std::shared_ptr<Registry> registry, ClaimOptions options)
      : registry_(std::move(registry)),
        options_(std::move(options)),
        peers_(open_cluster_hosts(registry_, options_.host, options_.annotations)),
        abandoned_(options_.grace) {}

  void start(std::function<void()> changed) override { peers_->start(std::move(changed)); }
  void stop() override { peers_->stop(); }

  [[nodiscard]] std::shared_ptr<const SubnetView> view() const override;
  [[nodiscard]] std::optional<net::OverlaySettings> settings(
      net::OverlaySettings options) const override {
    return peers_->settings(std::move(options));
  }
  [[nodiscard]] PeerChanges peer_changes() override { return peers_->peer_changes(); }
  [[nodiscard]] Answer take(const Subnets& subnets) override;
  void release(const Subnets& subnets) override;
  void publish(const net::Peer& self) override { peers_->publish(self); }
  [[nodiscard]] Answer keep() override;
  [[nodiscard]] std::string trouble() const override;

 private:
  [[nodiscard]] std::shared_ptr<const metadata::Cluster> state_with(const metadata::Key& key,
                                                                    std::uint64_t revision) const;
  [[nodiscard]] Answer settle(const metadata::Key& key, std::uint64_t revision,
                              const Subnets& subnets);
  [[nodiscard]] Answer renew(const metadata::Cluster& cluster);
  void clear_away(const metadata::Cluster& cluster);

  const std::shared_ptr<Registry> registry_;
  const ClaimOptions options_;
  const std::unique_ptr<SubnetRegistry> peers_;

  mutable std::mutex mutex_;  // the two below
  mutable std::shared_ptr<const metadata::Cluster> seen_;
  mutable std::shared_ptr<const SubnetView> view_;  // of seen_

  // Of who calls keep().
  AbandonedClaims abandoned_;
  std::shared_ptr<const SubnetView> kept_;
  steady_clock::time_point look_at_{};
};

std::shared_ptr<const SubnetView> ClusterSubnets::view() const {
  const auto cluster = registry_->cluster();
  if (!cluster) return nullptr;
  const std::lock_guard lock(mutex_);
  if (seen_ == cluster) return view_;
  // Nothing is claimed before this host is registered: a claim says whose it is.
  const bool is_current =
      cluster->stale_since() == 0 && cluster->find<metadata::Host>(options_.host);
  if (!seen_ || view_->is_current != is_current || is_other(*seen_, *cluster)) {
    auto view = std::make_shared<SubnetView>();
    view->claims = claims_in(*cluster, options_.host);
    view->v4 = options_.v4;
    view->v6 = options_.v6;
    view->networks = options_.networks;
    view->is_current = is_current;
    view_ = std::move(view);
  }
  seen_ = cluster;
  return view_;
}

std::string ClusterSubnets::trouble() const {
  if (auto why = peers_->trouble(); !why.empty()) return why;
  const auto cluster = registry_->cluster();
  if (!cluster) return "nothing was heard of the cluster yet";
  if (cluster->stale_since() != 0) return "the store behind it is away";
  return cluster->find<metadata::Host>(options_.host) ? "" : "this host is not registered yet";
}

SubnetRegistry::Answer ClusterSubnets::take(const Subnets& subnets) {
  const auto cluster = registry_->cluster();
  const auto self = cluster ? cluster->find<metadata::Host>(options_.host) : nullptr;
  if (!self) return {Outcome::failed, "this host is not registered yet"};
  const auto claim = claim_of(subnets, *self);
  const auto made = registry_->create(claim);
  if (made.outcome == Registry::Outcome::late) {
    const auto state = state_with(claim.key(), 0);
    const auto stored = state ? state->find<metadata::Subnet>(claim.name.view()) : nullptr;
    if (!stored || stored->host != options_.host)
      return {Outcome::taken, claim.name.str() + " is another host's"};
  } else if (made.outcome != Registry::Outcome::done) {
    return {Outcome::failed, made.text};
  }
  return settle(claim.key(), made.revision, subnets);
}

// The first state that holds the object as of that revision; null when none was told of in time.
std::shared_ptr<const metadata::Cluster> ClusterSubnets::state_with(const metadata::Key& key,
                                                                    std::uint64_t revision) const {
  const auto deadline = steady_clock::now() + told_within;
  for (auto state = registry_->cluster(); state; state = registry_->next(state, deadline)) {
    const auto object = state->find(key);
    if (object && object->revision >= revision) return state;
  }
  return nullptr;
}

// Names differ where subnets overlap if hosts were told other lengths, or the IPv6 subnets are of
// different numbers. Whoever was later sees the other one here; if both do, both choose again.
SubnetRegistry::Answer ClusterSubnets::settle(const metadata::Key& key, std::uint64_t revision,
                                              const Subnets& subnets) {
  const auto state = state_with(key, revision);
  if (!state) return {Outcome::failed, "the claim was not told of in time"};
  for (const auto& claim : claims_in(*state, options_.host)) {
    if (claim.is_ours || !overlap(claim.subnets, subnets)) continue;
    (void)registry_->erase(key, state->find(key)->revision);
    return {Outcome::taken, "host " + claim.holder + " has a subnet that overlaps it"};
  }
  return {};
}

// A reservation stays: somebody wants this host to have it.
void ClusterSubnets::release(const Subnets& subnets) {
  const auto cluster = registry_->cluster();
  if (!cluster || prefixes(subnets).empty()) return;
  for (const auto& claim : cluster->subnets()) {
    const bool is_ours = claim.host == options_.host && !claim.host_uid.empty();
    if (is_ours && subnets_of(claim.subnets) == subnets)
      (void)registry_->erase(claim.key(), claim.revision);
  }
}

SubnetRegistry::Answer ClusterSubnets::keep() {
  const auto now = steady_clock::now();
  if (now < look_at_) return {};
  look_at_ = now + between_looks;
  const auto news = view();
  if (!news || !news->is_current) {
    abandoned_.forget();  // we do not see whether they are gone
    kept_.reset();
    return {};
  }
  if (news == kept_ && !abandoned_.is_waiting()) return {};
  const auto cluster = registry_->cluster();
  const auto renewed = renew(*cluster);
  clear_away(*cluster);
  if (renewed.outcome == Outcome::done) kept_ = news;
  return renewed;
}

// This host's object was made anew: it had been gone, and somebody may be about to clear away.
SubnetRegistry::Answer ClusterSubnets::renew(const metadata::Cluster& cluster) {
  const auto self = cluster.find<metadata::Host>(options_.host);
  if (!self) return {};
  for (const auto& claim : cluster.subnets()) {
    if (claim.host != options_.host || claim.host_uid.empty() || claim.host_uid == self->uid)
      continue;
    auto renewed = claim;
    renewed.host_uid = self->uid;
    const auto done = registry_->replace(renewed, claim.revision);
    if (done.outcome != Registry::Outcome::done) return {Outcome::failed, done.text};
  }
  return {};
}

void ClusterSubnets::clear_away(const metadata::Cluster& cluster) {
  for (const auto& claim : abandoned_.due(cluster, steady_clock::now())) {
    if (claim->host == options_.host) continue;
    if (registry_->erase(claim->key(), claim->revision).outcome == Registry::Outcome::done)
      log::info("a subnet is given back; its host is gone",
                {{"subnet", claim->name.str()}, {"host", claim->host.str()}});
  }
}

}  // namespace

std::unique_ptr<SubnetRegistry> open_cluster_subnets(std::shared_ptr<Registry> registry,
                                                     ClaimOptions options) {
  return std::make_unique<ClusterSubnets>(std::move(registry), std::move(options));
}

}  // namespace paddock::netd
