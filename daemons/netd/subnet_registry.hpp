// SPDX-License-Identifier: Apache-2.0
//
// Who has which subnets of the cluster, and how the others are reached: what hosts tell one another
// through etcd, as flannel does, or through the cluster that --metadata names.
#pragma once

#include <paddock/net/flannel.hpp>
#include <paddock/net/overlay.hpp>
#include <paddock/net/subnet_pool.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace paddock::netd {

// One subnet of each family the cluster has: they come and go together.
using Subnets = net::flannel::Subnets;

[[nodiscard]] std::vector<net::Prefix> prefixes(const Subnets& subnets);
[[nodiscard]] bool overlap(const net::Prefix& left, const net::Prefix& right);
[[nodiscard]] bool overlap(const Subnets& left, const Subnets& right);
[[nodiscard]] std::string to_text(const Subnets& subnets);

struct Claim {
  Subnets subnets;
  std::string holder;  // the host, for messages
  bool is_ours = false;
  std::int64_t order = 0;  // of two that overlap, the one with the smaller order is right
};

// What a registry says, as a value.
struct SubnetView {
  std::vector<Claim> claims;
  std::optional<net::SubnetPool> v4;  // what may be claimed; of neither family: nothing
  std::optional<net::SubnetPool> v6;
  std::vector<net::Prefix> networks;  // of all pods
  bool is_current = false;            // false: what was last known
  bool is_assigned = false;           // others say who has what: nothing can be claimed
};

// What changed among the peers since it was last asked.
struct PeerChanges {
  bool is_whole = false;  // `put` are all there are
  std::vector<net::Peer> put;
  std::vector<std::string> gone;  // by name
};

// Any thread, but for start(), stop() and the destructor.
class SubnetRegistry {
 public:
  enum class Outcome { done, taken, failed };
  struct Answer {
    Outcome outcome = Outcome::done;
    std::string text;  // why not
  };

  virtual ~SubnetRegistry() = default;
  // `changed` is called from another thread when view(), settings() or the peers are new.
  virtual void start(std::function<void()> changed) = 0;
  virtual void stop() = 0;

  // Null while nothing was ever known.
  [[nodiscard]] virtual std::shared_ptr<const SubnetView> view() const = 0;
  // What the registry says of the overlay over what options say; absent while nothing is known.
  [[nodiscard]] virtual std::optional<net::OverlaySettings> settings(
      net::OverlaySettings options) const = 0;
  [[nodiscard]] virtual PeerChanges peer_changes() = 0;

  // Claims subnets that nobody has, or that are ours already; `taken`: somebody has them.
  [[nodiscard]] virtual Answer take(const Subnets& subnets) = 0;
  // This host needs these no more; if they are its own, others may claim them.
  virtual void release(const Subnets& subnets) = 0;
  // How this host is reached; told to the others with keep() and whatever is taken.
  virtual void publish(const net::Peer& self) = 0;
  // Keeps what is ours from running out and makes it say what was published. To be called now and
  // then.
  [[nodiscard]] virtual Answer keep() = 0;
  // Why view() is not current; empty when it is.
  [[nodiscard]] virtual std::string trouble() const = 0;
};

}  // namespace paddock::netd
