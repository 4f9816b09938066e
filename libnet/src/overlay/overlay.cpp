// SPDX-License-Identifier: Apache-2.0
#include "overlay/state.hpp"

#include <paddock/net/overlay.hpp>

#include <utility>

namespace paddock::net {

Overlay::Overlay(const NetworkNamespace& host, OverlaySettings settings)
    : state_(std::make_unique<State>(host, std::move(settings))) {}
Overlay::~Overlay() = default;

Result<void> Overlay::set_subnets(std::vector<Prefix> subnets) {
  return state_->set_subnets(std::move(subnets));
}
Result<void> Overlay::replace(std::vector<Peer> peers) { return state_->replace(std::move(peers)); }
Result<void> Overlay::put(Peer peer) { return state_->put(std::move(peer)); }
Result<void> Overlay::remove(std::string_view host) { return state_->remove(host); }
Result<std::vector<std::string>> Overlay::resync() {
  return state_->converge(overlay::Effort::repair);
}
Result<std::vector<std::string>> Overlay::drift() {
  return state_->converge(overlay::Effort::look);
}
std::vector<PathStep> Overlay::trace(const IpAddress& destination,
                                     const std::optional<PathOrigin>& origin) {
  return state_->trace(destination, origin);
}
int Overlay::descriptor() const { return state_->descriptor(); }
OverlayNews Overlay::tend() { return state_->tend(); }
const Peer& Overlay::self() const { return state_->self(); }
std::uint32_t Overlay::pod_mtu() const { return state_->pod_mtu(); }
std::vector<PeerStatus> Overlay::peers(std::string_view after, std::size_t most) const {
  return state_->peers(after, most);
}
Result<void> Overlay::purge() { return state_->purge(); }

}  // namespace paddock::net
