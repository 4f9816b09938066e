// SPDX-License-Identifier: Apache-2.0
//
// The standard plugins, one function for each command of each: standard_pods.cpp has those that
// make a pod's link, addresses.cpp and loopback.cpp what their names say, chained.cpp and
// tuning.cpp those that come after them in a chain. docs/standard-plugins.md says what each does
// and what it refuses.
#pragma once

#include "pods/state.hpp"
#include "standard/link_settings.hpp"

namespace paddock::net {

// The elements a lease needs in table "inet paddock".
std::vector<nat::Element> elements_of(const Lease& lease);

// For the time of one request.
class StandardPods {
 public:
  // `rest` as of PodNetwork::answer.
  StandardPods(PodNetwork::State& state, netlink::SocketPool& links, std::function<void()>& rest)
      : state_(state), links_(links), rest_(rest) {}

  cni::Expected<std::string> answer(const cni::Request& request, const NetworkNamespace* pod);

 private:
  using Answer = cni::Expected<std::string>;
  // A configuration of bridge or ptp as values.
  struct Plan {
    standard::LinkSettings settings;
    standard::HostLocalSettings host_local;
  };

  Answer answer_flannel(const cni::Request& request, const NetworkNamespace* pod);
  Answer add(const cni::Request& request, const NetworkNamespace* pod);
  Answer del(const cni::Request& request, const NetworkNamespace* pod);
  Answer check(const cni::Request& request, const NetworkNamespace* pod);
  Answer collect(const cni::Request& request);
  Answer status(const cni::Request& request);

  Answer add_link(const cni::Request& request, const NetworkNamespace& pod);
  Answer attach(const cni::Request& request, const NetworkNamespace& pod, const Plan& plan);
  cni::Expected<cni::AddResult> addresses_for(const cni::Request& request, const Plan& plan,
                                              Lease& lease);
  Result<void> switch_forwarding_on(const AttachRequest& wanted);
  void give_up(const Lease& lease);
  Answer del_link(const cni::Request& request, const NetworkNamespace* pod);
  Answer check_link(const cni::Request& request, const NetworkNamespace& pod);

  static cni::Failure not_reserved(const Error& error, const cni::Request& request);
  Answer add_addresses(const cni::Request& request);
  Answer del_addresses(const cni::Request& request);
  Answer check_addresses(const cni::Request& request);
  std::vector<std::string> collect_addresses(const cni::Request& request);

  Answer add_loopback(const cni::Request& request, const NetworkNamespace& pod);
  Answer del_loopback(const cni::Request& request, const NetworkNamespace& pod);
  Answer check_loopback(const cni::Request& request, const NetworkNamespace& pod);

  // A plugin of a chain: changes what is known of the pod, and answers what came before it.
  Answer add_chained(const cni::Request& request, const NetworkNamespace& pod);
  Answer del_chained(const cni::Request& request, const NetworkNamespace* pod);
  Answer check_chained(const cni::Request& request, const NetworkNamespace& pod);
  // The record of the pod, or a new one for a pod somebody else attached.
  Lease lease_for(const cni::Request& request, const NetworkNamespace& pod);
  Result<void> keep(Lease lease);
  Result<void> take_back(const cni::Request& request, const NetworkNamespace* pod, Lease& lease);

  cni::Expected<void> map_ports(const cni::Request& request, Lease& lease);
  cni::Expected<void> fence(const cni::Request& request, Lease& lease);
  cni::Expected<void> limit(const cni::Request& request, const NetworkNamespace& pod, Lease& lease,
                            cni::AddResult& result);
  cni::Expected<void> tune(const cni::Request& request, const NetworkNamespace& pod, Lease& lease,
                           cni::AddResult& result);
  void set_mtu(Lease& lease, std::uint32_t mtu);
  Result<void> untune(const cni::Request& request, const NetworkNamespace& pod, Lease& lease);
  std::vector<std::string> untuned(const cni::Request& request, const NetworkNamespace& pod);

  PodNetwork::State& state_;
  netlink::SocketPool& links_;
  std::function<void()>& rest_;
  std::filesystem::path note_;  // that flannel keeps of the pod in the making
};

}  // namespace paddock::net
