// SPDX-License-Identifier: Apache-2.0
//
// What a WireGuard device is told and says, whoever runs it. Pure.
#pragma once

#include <paddock/net/address.hpp>
#include <paddock/net/wireguard.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net::wireguard {

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  std::string to_string() const;  // "192.0.2.1:51820", "[2001:db8::1]:51820"
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// Another host, as a device knows it.
struct Remote {
  WireguardKey key;
  WireguardKey shared;  // unset: none
  std::optional<Endpoint> endpoint;
  std::uint16_t keepalive = 0;  // seconds; 0: none
  std::vector<Prefix> allowed;  // what goes to it, and may come from it
  // Of the last handshake; the epoch: there was none. Said, not told.
  std::chrono::system_clock::time_point heard;
};

struct Configuration {
  WireguardKey private_key;
  std::uint16_t port = 0;
  std::vector<Remote> remotes;
};

struct Change {
  std::optional<WireguardKey> private_key;
  std::optional<std::uint16_t> port;
  std::vector<WireguardKey> gone;  // these first
  std::vector<Remote> remotes;     // made, or made so

  bool empty() const { return !private_key && !port && gone.empty() && remotes.empty(); }
  std::vector<std::string> sentences() const;
};

// A device follows a host that goes to another address by itself. follows: an endpoint it has found
// is left alone; else it becomes what is wanted, as when hosts may have moved unseen.
Change difference(const Configuration& wanted, const Configuration& actual, bool follows);

}  // namespace paddock::net::wireguard
