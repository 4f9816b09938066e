// SPDX-License-Identifier: Apache-2.0
//
// The network of a cluster, cut into subnets of one size, of which each host takes some. Pure: who
// has which is a registry's to say.
#pragma once

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>
#include <paddock/net/export.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace paddock::net {

// A plain value; make() checks it.
struct PADDOCK_NET_EXPORT SubnetPool {
  Prefix network;
  unsigned length = 0;  // of each subnet
  IpAddress first;      // of the first subnet that may be taken
  IpAddress last;       // of the last one

  // The whole network in subnets of that length. An error when they do not fit into it, or are too
  // small for pods (IPv4 /31, IPv6 /127).
  [[nodiscard]] static Result<SubnetPool> make(const Prefix& network, unsigned length);

  // One of the subnets there are to take.
  [[nodiscard]] bool contains(const Prefix& subnet) const;

  // The subnets are counted from `first`, which is 0. Absent: not one of them, or past the last.
  [[nodiscard]] std::optional<std::uint64_t> index_of(const Prefix& subnet) const;
  [[nodiscard]] std::optional<Prefix> at(std::uint64_t index) const;

  // Up to `most` subnets that overlap none of `taken`, in order, beginning with the subnet at or
  // after `from` and going on at the front. Takes the time of what is taken, however large the
  // network is.
  [[nodiscard]] std::vector<Prefix> free(std::span<const Prefix> taken, std::size_t most,
                                         const std::optional<IpAddress>& from = {}) const;

  friend bool operator==(const SubnetPool&, const SubnetPool&) = default;
};

}  // namespace paddock::net
