// SPDX-License-Identifier: Apache-2.0
//
// The pods of one host: gives each an address and a link, remembers it on disk, takes both away
// again, and keeps record and kernel in agreement whatever crashed in between. It answers the
// commands of the CNI protocol; docs/cni.md says what each does and which error means what.
#pragma once

#include <paddock/net/address_pool.hpp>
#include <paddock/net/cni.hpp>
#include <paddock/net/export.hpp>
#include <paddock/net/host_network.hpp>
#include <paddock/net/lease_store.hpp>
#include <paddock/net/namespace.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net {

// Called on the thread of the request, before it is answered; each may be empty.
struct PodEvents {
  std::function<void(const Lease&)> attached;
  // The address still rests after this.
  std::function<void(const Lease&)> detached;
  // Something was found in disorder and put right, or could not be; one sentence.
  std::function<void(const std::string&)> repaired;
  std::function<void(const std::string&)> failed;
  // Asked by STATUS: why pods cannot be attached, or not well, right now.
  std::function<std::optional<cni::Failure>()> status;
};

struct PodNetworkOptions {
  PoolOptions pool;                             // of all networks but these, by name
  std::map<std::string, PoolOptions> networks;  // no two pools overlap
  std::filesystem::path state_directory;
  std::uint32_t mtu = 1500;  // where the configuration says nothing, as for the next two
  DataPath data_path = DataPath::routed;
  cni::Dns dns;         // "{namespace}" in a search domain is the pod's
  std::string boot_id;  // empty: current_boot_id()
  PodEvents events;
};

// All functions may be called from any thread. Requests for one (container, interface) wait for one
// another, all others run at the same time.
class PADDOCK_NET_EXPORT PodNetwork {
 public:
  // Opens the records and brings them and the kernel into agreement. Throws std::exception with a
  // sentence when the records are in use or unreadable, the pool is wrong, or there is no netlink.
  PodNetwork(const NetworkNamespace& host, PodNetworkOptions options);
  ~PodNetwork();
  PodNetwork(const PodNetwork&) = delete;
  PodNetwork& operator=(const PodNetwork&) = delete;

  // Does what the request asks. `pod` is the namespace at request.netns, null when there is none;
  // only DEL, GC, STATUS and whatever host-local is asked can do without. The text is what the
  // plugin prints, empty for nothing.
  [[nodiscard]] cni::Expected<std::string> answer(const cni::Request& request,
                                                  const NetworkNamespace* pod);
  // The same, when the runtime is not to wait for what it does not see: `rest`, unless it stays
  // empty, has to be called once the answer is on its way, and before the PodNetwork ends; it does
  // not block. All other functions behave as if what it begins were done.
  [[nodiscard]] cni::Expected<std::string> answer(const cni::Request& request,
                                                  const NetworkNamespace* pod,
                                                  std::function<void()>& rest);

  // Compares records and kernel and repairs: records of vanished pods go, links without record go.
  // Call it now and then, and when links changed. An error means that the kernel did not answer.
  [[nodiscard]] Result<void> reconcile();
  // The same of what changed, after HostNetwork::ensure() if it is more than links.
  [[nodiscard]] Result<void> reconcile(const KernelChange& change);

  // What the kernel lacks of what the lease says, and what the lease lacks of what holds today; one
  // sentence each, empty when they agree. Reads only.
  [[nodiscard]] std::vector<std::string> examine(const Lease& lease) const;

  // Those attached here that have an address, ordered by nothing in particular, and no more than
  // that many.
  [[nodiscard]] std::vector<Lease> leases(
      std::size_t at_most = std::numeric_limits<std::size_t>::max()) const;
  [[nodiscard]] std::size_t lease_count() const;
  [[nodiscard]] std::vector<AddressPool::Usage> usage() const;

  // A subnet more for networks without one of their own, or one that was closed again, whose
  // gateway and routes HostNetwork has made. An error says with what it overlaps, or why it is
  // none.
  [[nodiscard]] Result<void> add_subnet(const PoolSubnet& subnet);
  // Pods that have addresses of it keep them, others get none.
  void close_subnet(const Prefix& network);

  // Takes effect for pods attached from now on.
  void set_mtu(std::uint32_t mtu);
  void set_dns(cni::Dns dns);

 private:
  friend class StandardPods;
  class State;
  std::unique_ptr<State> state_;
};

// Who the pod of a request is: what the runtime said, else the namespace "default" and a name made
// of the container id.
[[nodiscard]] PADDOCK_NET_EXPORT PodIdentity identify(const cni::Request& request);

}  // namespace paddock::net
