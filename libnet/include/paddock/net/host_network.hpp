// SPDX-License-Identifier: Apache-2.0
//
// What a host needs once, before and beside its pods: the link paddock0 with the gateway and
// service addresses, forwarding, the route that keeps unknown pod addresses at home, and the
// nftables table "inet paddock". The plan is a value; ensure() makes the kernel agree with it.
#pragma once

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>
#include <paddock/net/export.hpp>
#include <paddock/net/namespace.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace paddock::net {

// A range this host gives pod addresses from, and the address the host itself has in it.
struct PodSubnet {
  Prefix network;
  IpAddress gateway;

  friend bool operator==(const PodSubnet&, const PodSubnet&) = default;
};

struct HostPlan {
  std::vector<PodSubnet> subnets;
  // Where pod addresses are good as they are: traffic to these is never masqueraded. The host's
  // own subnets need not be repeated here.
  std::vector<Prefix> cluster_networks;
  // Where the host answers pods itself (DNS, metadata). Names are asked there without connection
  // tracking: nothing translates such an address to another one.
  std::vector<IpAddress> service_addresses = {boost::asio::ip::make_address_v4("169.254.169.250")};
  bool masquerade = true;

  friend bool operator==(const HostPlan&, const HostPlan&) = default;
};

class PADDOCK_NET_EXPORT HostNetwork {
 public:
  // Throws std::system_error when netlink sockets cannot be opened in that namespace.
  explicit HostNetwork(const NetworkNamespace& host);
  ~HostNetwork();
  HostNetwork(const HostNetwork&) = delete;
  HostNetwork& operator=(const HostNetwork&) = delete;

  // Reads the kernel and changes what differs from the plan, and only that; returns what it
  // changed, as sentences, empty when all was right. Call it at the start, on kernel changes and
  // from time to time. A link paddock0 that is not ours is an error (file_exists).
  Result<std::vector<std::string>> ensure(const HostPlan& plan);
  // What ensure() would change. Reads only.
  Result<std::vector<std::string>> drift(const HostPlan& plan);
  // Takes away the link, routes and table that ensure() made, also an earlier process's, and what
  // attachments share: bridges and their guard.
  // Forwarding stays on, since others may rely on it. Nothing to remove is success.
  Result<void> remove();

  // The MTU of the interface with the default route (the smaller one of IPv4's and IPv6's),
  // 1500 without any.
  Result<std::uint32_t> default_mtu();

 private:
  class State;
  std::unique_ptr<State> state_;
};

// Addresses at which others reach the host: of interfaces that are up, IPv4 first, without loopback,
// link-local ones and links of ours.
[[nodiscard]] PADDOCK_NET_EXPORT Result<std::vector<IpAddress>> host_addresses(
    const NetworkNamespace& host);

// What happened in the kernel, as far as it can be about something of ours. Looking after it costs
// what changed, unless it is wide.
struct KernelChange {
  // paddock0 or an address of the host, with which routes go untold; or events were lost.
  bool is_wide = false;
  bool tables = false;            // what pods share: nftables, the routes of their subnets
  std::set<std::uint32_t> links;  // of pods, by index

  bool empty() const { return !is_wide && !tables && links.empty(); }
  void add(KernelChange other) {
    is_wide = is_wide || other.is_wide;
    tables = tables || other.tables;
    links.merge(other.links);
  }
};

// Tells when links, addresses, routes or tables of the host changed, so that ensure() and
// PodNetwork::reconcile() can run soon. One thread at a time.
class PADDOCK_NET_EXPORT KernelWatch {
 public:
  // Throws std::system_error when the socket cannot be opened.
  explicit KernelWatch(const NetworkNamespace& host);
  ~KernelWatch();
  KernelWatch(const KernelWatch&) = delete;
  KernelWatch& operator=(const KernelWatch&) = delete;

  // Readable when something changed; for poll().
  int descriptor() const;
  // Takes all events that wait, without blocking. Empty: nothing that ensure() or reconcile() could
  // care about.
  KernelChange drain();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace paddock::net
