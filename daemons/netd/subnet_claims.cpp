// SPDX-License-Identifier: Apache-2.0
#include "netd/subnet_claims.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace paddock::netd {
namespace {

// Behind every claim that was written.
constexpr auto order_of_hosts = std::numeric_limits<std::int64_t>::max();
// The most that is waited beyond the grace time, as a part of it.
constexpr int part_of_grace = 4;

bool is_left(const metadata::Cluster& cluster, const metadata::Subnet& claim) {
  return !claim.host_uid.empty() && !cluster.find<metadata::Host>(claim.host.view());
}

bool is_lived_in(const metadata::Cluster& cluster, const metadata::Subnet& claim) {
  if (!cluster.pods_on(claim.host.view()).empty()) return true;
  return std::ranges::any_of(cluster.pods(), [&](const metadata::Pod& pod) {
    return std::ranges::any_of(pod.addresses, [&](const auto& address) {
      return std::ranges::any_of(claim.subnets,
                                 [&](const auto& subnet) { return subnet.contains(address); });
    });
  });
}

}  // namespace

metadata::Subnet claim_of(const Subnets& subnets, const metadata::Host& holder) {
  metadata::Subnet claim;
  std::vector<metadata::Prefix> all;
  for (const auto& each : prefixes(subnets))
    all.push_back({each.address, static_cast<std::uint8_t>(each.length)});
  claim.name = metadata::subnet_name(all.front());
  claim.host = holder.name;
  claim.host_uid = holder.uid;
  claim.subnets = metadata::List<metadata::Prefix>(std::move(all));
  return claim;
}

Subnets subnets_of(const metadata::List<metadata::Prefix>& all) {
  Subnets subnets;
  for (const auto& each : all) {
    auto& family = each.address.is_v4() ? subnets.v4 : subnets.v6;
    if (!family) family = net::Prefix{each.address, each.length};
  }
  return subnets;
}

std::vector<Claim> claims_in(const metadata::Cluster& cluster, const std::string& host) {
  std::vector<Claim> claims;
  for (const auto& claim : cluster.subnets())
    claims.push_back({.subnets = subnets_of(claim.subnets),
                      .holder = claim.host.str(),
                      .is_ours = claim.host == host,
                      .order = claim.created});
  for (const auto& other : cluster.hosts()) {
    if (other.name == host) continue;
    for (const auto& subnet : other.subnets)
      claims.push_back({.subnets = subnets_of({subnet}),
                        .holder = other.name.str(),
                        .is_ours = false,
                        .order = order_of_hosts});
  }
  return claims;
}

AbandonedClaims::AbandonedClaims(std::chrono::milliseconds grace)
    : grace_(grace), chance_(std::random_device{}()) {}

AbandonedClaims::Time AbandonedClaims::due_from(Time now) {
  std::uniform_int_distribution<std::int64_t> more(0, (grace_ / part_of_grace).count());
  return now + grace_ + std::chrono::milliseconds(more(chance_));
}

std::vector<std::shared_ptr<const metadata::Subnet>> AbandonedClaims::due(
    const metadata::Cluster& cluster, Time now) {
  std::vector<std::shared_ptr<const metadata::Subnet>> all;
  std::map<std::string, Seen> seen;
  const auto claims = cluster.subnets();
  for (auto claim = claims.begin(); claim != claims.end(); ++claim) {
    if (!is_left(cluster, *claim)) continue;
    const auto known = seen_.find(claim->name.str());
    const bool is_same = known != seen_.end() && known->second.revision == claim->revision;
    const auto& entry = seen[claim->name.str()] =
        is_same ? known->second : Seen{claim->revision, due_from(now)};
    if (entry.due <= now && !is_lived_in(cluster, *claim)) all.push_back(claim.share());
  }
  seen_ = std::move(seen);
  return all;
}

}  // namespace paddock::netd
