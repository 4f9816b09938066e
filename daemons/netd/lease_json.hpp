// SPDX-License-Identifier: Apache-2.0
//
// A lease as netd's pages show it.
#pragma once

#include <paddock/net/lease_store.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <utility>

namespace paddock::netd {

inline nlohmann::json format_lease(const net::Lease& lease) {
  auto addresses = nlohmann::json::array();
  for (const auto& address : lease.attachment.addresses) addresses.push_back(address.to_string());
  return {{"namespace", lease.pod.name_space},
          {"name", lease.pod.name},
          {"network", lease.attachment.id.network},
          {"container", lease.attachment.id.container},
          {"interface", lease.attachment.id.ifname},
          {"addresses", std::move(addresses)},
          {"mac", lease.attachment.pod_mac.to_string()},
          {"link", lease.attachment.host_link},
          {"mtu", lease.attachment.mtu},
          {"netns", lease.netns_path},
          {"since",
           std::chrono::duration_cast<std::chrono::milliseconds>(lease.changed.time_since_epoch())
               .count()}};
}

}  // namespace paddock::netd
