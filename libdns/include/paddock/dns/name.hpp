// SPDX-License-Identifier: Apache-2.0
//
// Name: a domain name as a value, kept in canonical wire form (RFC 1035 section 3.1, lower case as
// RFC 4343 compares). Two names are equal when DNS says they are. A label may hold any octet.
#pragma once

#include <paddock/dns/error.hpp>

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace paddock::dns {

class PADDOCK_DNS_EXPORT Name {
 public:
  static constexpr std::size_t max_length = 255;  // octets on the wire, root label included
  static constexpr std::size_t max_label = 63;

  // The root.
  Name() : wire_(1, '\0') {}

  // From text such as "web.shop.svc.cluster.local". The final dot may be missing: every name is
  // absolute. `\.` and `\065` are escapes as in zone files. Fails on an empty label, a label over
  // 63 octets, a name over 255, or a broken escape.
  static Result<Name> parse(std::string_view text);

  // From an uncompressed wire name that fills `wire` to its last octet.
  static Result<Name> from_wire(std::span<const std::uint8_t> wire);

  // Text with a final dot; what is not a printable character, and a dot or backslash inside a
  // label, is escaped, so that parse(format()) gives the same name.
  std::string format() const;

  // This name with one more label in front. The label is taken as it is, nothing in it is an
  // escape. Fails on an empty or too long label, and when the name would pass 255 octets.
  Result<Name> child(std::string_view label) const;

  // Without the first label. The root is its own parent.
  Name parent() const;

  // The first label, empty for the root. Borrowed from this name.
  std::string_view first_label() const;

  bool is_root() const { return wire_.size() == 1; }

  // Equal to `ancestor` or below it.
  bool is_within(const Name& ancestor) const;

  // Length octets, labels, root label; lower case. Borrowed from this name.
  std::span<const std::uint8_t> wire() const {
    return {reinterpret_cast<const std::uint8_t*>(wire_.data()), wire_.size()};
  }

  // Order of the wire bytes: total, but not the canonical order of RFC 4034.
  friend auto operator<=>(const Name&, const Name&) = default;

 private:
  std::string wire_;
};

}  // namespace paddock::dns
