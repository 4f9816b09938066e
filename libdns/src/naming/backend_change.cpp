// SPDX-License-Identifier: Apache-2.0
//
// A service whose backends are addresses and nothing else has its records address by address. Where
// it only gains or only loses some, one that is in both states stands with them: a service without
// any is named in another way (it does not exist, or Rancher's last container answers for it).
#include <paddock/dns/naming.hpp>

#include <algorithm>
#include <iterator>

namespace paddock::dns {
namespace {

using Address = boost::asio::ip::address;

// Addresses that differ have names that differ.
bool has_name_of_its_own(const Address& address) {
  return address.is_v4() || (!address.to_v6().is_v4_mapped() && address.to_v6().scope_id() == 0);
}

bool is_published(const Service& service, const Backend& backend) {
  return (backend.is_ready || service.publishes_not_ready) && !backend.addresses.empty();
}

bool is_plain(const Backend& backend) {
  return backend.hostname.empty() && backend.pod.empty() && backend.zone.empty() &&
         std::ranges::all_of(backend.addresses, has_name_of_its_own);
}

// What a service of plain backends is, sorted.
struct Reached {
  std::vector<Port> ports;  // of the endpoints; may be none
  std::vector<Address> addresses;
};

// Nothing when they are not plain, listen on several lists of ports, or an address is repeated.
std::optional<Reached> reached(const Service& service) {
  Reached all;
  for (const Backend& backend : service.backends) {
    if (!backend.cluster.empty()) return std::nullopt;
    if (!is_published(service, backend)) continue;
    if (all.addresses.empty()) all.ports = backend.ports;
    if (all.ports != backend.ports || !is_plain(backend)) return std::nullopt;
    all.addresses.insert(all.addresses.end(), backend.addresses.begin(), backend.addresses.end());
  }
  std::ranges::sort(all.addresses);
  if (std::ranges::adjacent_find(all.addresses) != all.addresses.end()) return std::nullopt;
  return all;
}

// Leaves the service `part` of all its addresses.
void reduce(Service& service, const Reached& all, std::vector<Address> part) {
  service.further_addresses = all.addresses.size() - part.size();
  service.backends = {{.addresses = std::move(part), .ports = all.ports}};
}

}  // namespace

std::optional<BackendChange> backend_change(Service before, Service after) {
  const auto old = reached(before);
  const auto fresh = reached(after);
  if (!old || !fresh || old->ports != fresh->ports) return std::nullopt;
  std::vector<Address> gone;
  std::vector<Address> come;
  std::ranges::set_difference(old->addresses, fresh->addresses, std::back_inserter(gone));
  std::ranges::set_difference(fresh->addresses, old->addresses, std::back_inserter(come));
  // With more it costs as much to name all; and one has to stay.
  if ((gone.size() + come.size()) * 2 > old->addresses.size()) return std::nullopt;
  const bool has_srv =
      before.kind == ServiceKind::headless && !(before.ports.empty() && old->ports.empty());
  // A name of several ports has that many times as many: if these weights are equal, so are its.
  if (has_srv && srv_weight(old->addresses.size()) != srv_weight(fresh->addresses.size())) {
    return std::nullopt;
  }
  const auto kept = std::ranges::find_if_not(old->addresses, [&](const Address& address) {
    return std::ranges::binary_search(gone, address);
  });
  if (kept == old->addresses.end()) return std::nullopt;
  if (gone.empty() || come.empty()) {
    gone.push_back(*kept);
    come.push_back(*kept);
  }
  reduce(before, *old, std::move(gone));
  reduce(after, *fresh, std::move(come));
  return BackendChange{std::move(before), std::move(after)};
}

}  // namespace paddock::dns
