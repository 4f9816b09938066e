// SPDX-License-Identifier: Apache-2.0
//
// A key of WireGuard: a host's private or public one, or one that all hosts share. Making them
// takes Curve25519, which is the owner's.
#pragma once

#include <paddock/net/export.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::net {

struct PADDOCK_NET_EXPORT WireguardKey {
  std::array<std::uint8_t, 32> octets{};

  // Base64, as wg(8) prints it. Absent when text is anything else.
  static std::optional<WireguardKey> parse(std::string_view text);
  std::string to_string() const;

  // All zero is no key: WireGuard's own way to say so.
  bool is_set() const { return *this != WireguardKey{}; }

  friend bool operator==(const WireguardKey&, const WireguardKey&) = default;
};

}  // namespace paddock::net
