// SPDX-License-Identifier: Apache-2.0
//
// Claims of subnets as Subnet objects of a cluster (docs/objects.md), and which of them their hosts
// have left behind: pure.
#pragma once

#include "netd/subnet_registry.hpp"

#include <paddock/metadata/cluster.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace paddock::netd {

[[nodiscard]] metadata::Subnet claim_of(const Subnets& subnets, const metadata::Host& holder);
// The first of each family.
[[nodiscard]] Subnets subnets_of(const metadata::List<metadata::Prefix>& all);

// Every claim there is, as `host` sees it. A host that says it has a subnet has it, also if nobody
// claimed it: its subnets may be configured, or its claim be lost a moment ago.
[[nodiscard]] std::vector<Claim> claims_in(const metadata::Cluster& cluster,
                                           const std::string& host);

// Claims whose hosts are gone. What others' clocks say plays no part: time counts from when this
// host saw that a host was gone, and anew whenever its claim was written.
class AbandonedClaims {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit AbandonedClaims(std::chrono::milliseconds grace);

  // What has been left for the grace time, and a bit more, of each claim another: hosts that watch
  // the same claims do not all act at once. Nothing while pods of the host are known or somebody
  // has an address there; never a claim that is a reservation.
  [[nodiscard]] std::vector<std::shared_ptr<const metadata::Subnet>> due(
      const metadata::Cluster& cluster, Time now);
  // What was seen is not seen any more: all begins anew.
  void forget() { seen_.clear(); }
  [[nodiscard]] bool is_waiting() const { return !seen_.empty(); }

 private:
  struct Seen {
    std::uint64_t revision = 0;
    Time due;
  };
  [[nodiscard]] Time due_from(Time now);

  const std::chrono::milliseconds grace_;
  std::mt19937_64 chance_;
  std::map<std::string, Seen> seen_;  // by name of the claim
};

}  // namespace paddock::netd
