// SPDX-License-Identifier: Apache-2.0
#include "pods/standard_pods.hpp"
#include "pods/state.hpp"

#include <paddock/net/pod_network.hpp>

#include <utility>

namespace paddock::net {

PodNetwork::PodNetwork(const NetworkNamespace& host, PodNetworkOptions options)
    : state_(std::make_unique<State>(host, std::move(options))) {
  state_->reconcile(State::When::start).value();
}

PodNetwork::~PodNetwork() = default;

cni::Expected<std::string> PodNetwork::answer(const cni::Request& request,
                                              const NetworkNamespace* pod) {
  std::function<void()> rest;
  auto answered = answer(request, pod, rest);
  if (rest) {
    rest();
    state_->farewells.wait();
  }
  return answered;
}

cni::Expected<std::string> PodNetwork::answer(const cni::Request& request,
                                              const NetworkNamespace* pod,
                                              std::function<void()>& rest) {
  using cni::Command;
  const bool enters = request.plugin != cni::Plugin::host_local;
  if (!pod && enters && (request.command == Command::add || request.command == Command::check))
    return cni::Failure{cni::Code::bad_namespace,
                        "CNI_NETNS " + request.netns + " is not a network namespace",
                        "the runtime has to make it before it attaches the pod", request.version};
  if (request.plugin != cni::Plugin::paddock)
    return StandardPods(*state_, state_->sockets, rest).answer(request, pod);
  switch (request.command) {
    case Command::add:
      return state_->add(request, *pod);
    case Command::del:
      return state_->del(request, rest);
    case Command::check:
      return state_->check(request, *pod);
    case Command::gc:
      return state_->collect(request);
    case Command::status:
      return state_->status(request);
    case Command::version:
      break;
  }
  return cni::format_versions();
}

Result<void> PodNetwork::reconcile() { return state_->reconcile(State::When::running); }
Result<void> PodNetwork::reconcile(const KernelChange& change) { return state_->reconcile(change); }

std::vector<std::string> PodNetwork::examine(const Lease& lease) const {
  return state_->examine(lease);
}

std::vector<Lease> PodNetwork::leases(std::size_t at_most) const {
  state_->records.settle();
  std::vector<Lease> result;
  for (const auto& lease : state_->records.all()) {
    if (result.size() == at_most) break;
    if (is_serving(*lease)) result.push_back(*lease);
  }
  return result;
}

std::size_t PodNetwork::lease_count() const {
  state_->records.settle();
  return state_->records.serving();
}

std::vector<AddressPool::Usage> PodNetwork::usage() const {
  state_->records.settle();
  return state_->records.usage();
}

Result<void> PodNetwork::add_subnet(const PoolSubnet& subnet) {
  return state_->records.add_subnet(subnet);
}

void PodNetwork::close_subnet(const Prefix& network) { state_->records.close_subnet(network); }

void PodNetwork::set_mtu(std::uint32_t mtu) {
  const std::lock_guard lock(state_->settings_mutex);
  state_->options.mtu = mtu;
}

void PodNetwork::set_dns(cni::Dns dns) {
  const std::lock_guard lock(state_->settings_mutex);
  state_->options.dns = std::move(dns);
}

}  // namespace paddock::net
