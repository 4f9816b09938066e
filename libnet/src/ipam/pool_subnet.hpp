// SPDX-License-Identifier: Apache-2.0
//
// A subnet of an address pool as numbers: which addresses may be given out, and how far those never
// used have been.
#pragma once

#include <paddock/net/address_pool.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace paddock::net::ipam {

__extension__ using Number = unsigned __int128;  // an address of either family

Number to_number(const IpAddress& address);
IpAddress to_address(Number number, bool v4);

struct Span {
  Number first;
  Number last;
};

// What two lists of (sorted, disjoint) spans share.
std::vector<Span> shared(const std::vector<Span>& left, const std::vector<Span>& right);
// Sorted and disjoint.
std::vector<Span> merged(std::vector<Span> spans);

struct Subnet {
  Prefix network;
  IpAddress gateway;
  Span all;
  std::vector<Span> allowed;  // may be given out when asked for
  std::vector<Span> fresh;    // is given out unasked
  std::uint64_t size = 0;
  std::uint64_t taken = 0;
  std::size_t cursor_span = 0;  // the next never used address is at or after
  Number cursor = 0;            // fresh[cursor_span].first + cursor

  bool allows(Number number) const {
    return std::ranges::any_of(allowed, [number](const Span& span) {
      return span.first <= number && number <= span.last;
    });
  }
  // What comes next of those that are given out unasked, used or not; absent at the end.
  std::optional<Number> next() const {
    if (cursor_span >= fresh.size()) return {};
    return fresh[cursor_span].first + cursor;
  }
  void advance() {
    const auto& span = fresh[cursor_span];
    if (span.first + cursor == span.last) {
      ++cursor_span;
      cursor = 0;
    } else {
      ++cursor;
    }
  }
  bool is_closed() const { return allowed.empty(); }
  void close() {
    allowed.clear();
    fresh.clear();
    size = 0;
  }
};

// Throws std::invalid_argument with a sentence when it cannot be one.
Subnet make_subnet(const PoolSubnet& wanted, const std::vector<AddressRange>& exclusions);

}  // namespace paddock::net::ipam
