// SPDX-License-Identifier: Apache-2.0
//
// Which pod address is free. Pure: no files, no kernel, and the caller says what time it is. Every
// operation takes the same time however full the pool is, and memory grows with the addresses that
// were ever given out, not with the size of the subnets.
#pragma once

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>
#include <paddock/net/export.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace paddock::net {

// From first to last, both included, of one family.
struct AddressRange {
  IpAddress first;
  IpAddress last;

  // "10.42.0.10-10.42.0.20", or one address. Absent when text is neither, or first is after last.
  PADDOCK_NET_EXPORT static std::optional<AddressRange> parse(std::string_view text);
  PADDOCK_NET_EXPORT std::string to_string() const;
};

struct PoolSubnet {
  Prefix network;                    // no host bits; at most /30, IPv6 /126
  std::optional<IpAddress> gateway;  // default: the first address; never given out
  std::vector<AddressRange> ranges;  // what may be given out; empty: all of it
};

struct PoolOptions {
  std::string name = "default";  // for messages
  std::vector<PoolSubnet> subnets;
  std::vector<AddressRange> exclusions;
  // How long a freed address rests: caches may still know it under its old owner's name.
  std::chrono::milliseconds quarantine = std::chrono::seconds(30);
};

// Gives out addresses of one or more subnets; a pod gets one address of each family the subnets
// have. Never given out: the network and broadcast address of an IPv4 subnet, the router anycast
// address of an IPv6 one, gateways and exclusions. Order: addresses never used before, lowest
// first, then those freed longest ago. Of an IPv6 range only the first 65,536 addresses are given
// out unrequested.
// Not for several threads at once.
class PADDOCK_NET_EXPORT AddressPool {
 public:
  using Time = std::chrono::system_clock::time_point;

  // Without subnets it gives nothing until add(). Throws std::invalid_argument with a sentence when
  // subnets have host bits, overlap, are too small, or a range or gateway lies outside.
  explicit AddressPool(PoolOptions options);
  ~AddressPool();
  AddressPool(AddressPool&&) noexcept;
  AddressPool& operator=(AddressPool&&) noexcept;

  // One address per family, the requested ones where there are any (at most one per family; they
  // are given even out of quarantine, since who asks for an address knows it). Of a family that
  // `within` has ranges of, only addresses in these, which takes longer the more of them were used.
  // All or nothing. Errors: address_not_available: a requested address or range is outside,
  // reserved or excluded; address_in_use: it is taken; no_buffer_space: the pool or the ranges are
  // used up, text says what would help.
  [[nodiscard]] Result<std::vector<IpAddress>> take(std::span<const IpAddress> requested, Time now,
                                                    std::span<const AddressRange> within = {});

  // One subnet more, or one that was closed again; its addresses are given out when those of the
  // others are. An error is what the constructor would throw.
  [[nodiscard]] Result<void> add(const PoolSubnet& subnet);
  // Nothing more is given out of that subnet; addresses taken stay so until they are freed.
  void close(const Prefix& network);

  // Marks an address as taken that a record says is taken. False when it was taken already or lies
  // outside of the pool (a pod may outlive a change of the subnets).
  bool restore(const IpAddress& address);
  // Says when an address was freed before this process began. Call in any order, before take().
  void restore_freed(const IpAddress& address, Time when);

  // Gives an address back. An address that is not taken, or not of this pool, is ignored.
  void free(const IpAddress& address, Time now);

  // The subnet the address lies in, and its gateway.
  [[nodiscard]] std::optional<Prefix> network_of(const IpAddress& address) const;
  [[nodiscard]] std::optional<IpAddress> gateway_of(const IpAddress& address) const;

  struct Usage {
    Prefix network;
    std::uint64_t size = 0;  // addresses that can be given out, IPv6 capped as above
    std::uint64_t taken = 0;
    std::uint64_t resting = 0;  // freed less than the quarantine ago
  };
  [[nodiscard]] std::vector<Usage> usage(Time now) const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace paddock::net
