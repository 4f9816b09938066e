// SPDX-License-Identifier: Apache-2.0
//
// Networks that were others' before: their pods go on with the addresses that host-local gave them,
// and are taken away by whatever DEL comes.
#include "failure.hpp"
#include "pods/state.hpp"
#include "standard/former_reservations.hpp"

#include <algorithm>
#include <cerrno>

namespace paddock::net {

Result<Reservation> PodNetwork::State::reserve(const Claim& claim) {
  for (;;) {
    auto reserved = records.reserve(claim);
    if (!reserved) return reserved;
    std::vector<IpAddress> others;
    for (const auto& address : reserved->addresses) {
      const auto is_others = standard::is_reserved(address);
      if (!is_others) {
        records.withhold(reserved->addresses, {});
        return is_others.error();
      }
      if (*is_others) others.push_back(address);
    }
    if (others.empty()) return reserved;
    records.withhold(reserved->addresses, others);
    if (!claim.requested.empty())
      return failure(EADDRINUSE, "address " + others.front().to_string() +
                                     " was asked for, but a file of host-local in " +
                                     standard::usual_reservations.string() +
                                     " says that another pod has it");
  }
}

void PodNetwork::State::give_back_withheld() {
  for (const auto& address : records.withheld()) {
    const auto is_others = standard::is_reserved(address);
    if (is_others && !*is_others) records.give_back(address);
  }
}

Result<void> PodNetwork::State::release_reservations(const AttachmentId& id) {
  return host_local.release(standard::usual_reservations / id.network, {id.container, id.ifname});
}

std::vector<std::string> PodNetwork::State::collect_reservations(
    const std::filesystem::path& folder, const cni::Request& request) {
  const auto holders = host_local.holders(folder);
  if (!holders) return {holders.error().text};
  std::vector<std::string> problems;
  for (const auto& holder : *holders) {
    const bool is_valid = std::ranges::any_of(*request.valid, [&](const auto& valid) {
      return valid.container == holder.container &&
             (holder.ifname.empty() || valid.ifname == holder.ifname);
    });
    if (is_valid) continue;
    if (auto freed = host_local.release(folder, holder); !freed)
      problems.push_back(freed.error().text);
  }
  return problems;
}

}  // namespace paddock::net
