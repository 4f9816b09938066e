// SPDX-License-Identifier: Apache-2.0
#include "overlay/table.hpp"

#include <algorithm>
#include <string_view>

namespace paddock::net::overlay {
namespace {

NeighborKey key_of(const NeighborEntry& entry) { return {entry.way, entry.address}; }
ForwardingKey key_of(const ForwardingEntry& entry) { return {entry.way, entry.mac}; }
SecureKey key_of(const SecureEntry& entry) { return {entry.way, entry.key}; }
Prefix key_of(const RouteEntry& entry) { return entry.destination; }

template <class Octets>
std::size_t hash_octets(const Octets& octets, std::size_t salt) {
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  return std::hash<std::string_view>{}(text) ^ (salt << 24U);
}

std::size_t hash_address(const IpAddress& address, std::size_t salt) {
  return address.is_v4() ? hash_octets(address.to_v4().to_bytes(), salt)
                         : hash_octets(address.to_v6().to_bytes(), salt);
}

template <class Claims, class Entries>
void claim(Claims& claims, const Entries& entries, const std::string& host,
           std::vector<std::string>& rivals) {
  for (const auto& entry : entries) {
    auto& held = claims[key_of(entry)];
    if (held.host != nullptr && *held.host != host) {
      rivals.push_back(*held.host);
    }
    held = {entry, &host};
  }
}

template <class Claims, class Entries>
void release(Claims& claims, const Entries& entries, const std::string& host) {
  for (const auto& entry : entries) {
    const auto held = claims.find(key_of(entry));
    if (held != claims.end() && *held->second.host == host) {
      claims.erase(held);
    }
  }
}

}  // namespace

std::size_t KeyHash::operator()(const NeighborKey& key) const {
  return hash_address(key.address, static_cast<std::size_t>(key.way));
}
std::size_t KeyHash::operator()(const ForwardingKey& key) const {
  return hash_octets(key.mac.octets, static_cast<std::size_t>(key.way));
}
std::size_t KeyHash::operator()(const SecureKey& key) const {
  return hash_octets(key.key.octets, static_cast<std::size_t>(key.way));
}
std::size_t KeyHash::operator()(const Prefix& key) const {
  return hash_address(key.address, key.length);
}

std::vector<std::string> Table::add(const PeerEntries& entries, const std::string& host) {
  std::vector<std::string> rivals;
  claim(neighbors_, entries.neighbors, host, rivals);
  claim(forwarding_, entries.forwarding, host, rivals);
  claim(secure_, entries.secure, host, rivals);
  claim(routes_, entries.routes, host, rivals);
  contested_ = contested_ || !rivals.empty();
  std::sort(rivals.begin(), rivals.end());
  rivals.erase(std::unique(rivals.begin(), rivals.end()), rivals.end());
  return rivals;
}

void Table::remove(const PeerEntries& entries, const std::string& host) {
  release(neighbors_, entries.neighbors, host);
  release(forwarding_, entries.forwarding, host);
  release(secure_, entries.secure, host);
  release(routes_, entries.routes, host);
}

void Table::clear() { *this = Table(); }

void Table::reserve(std::size_t peers) {
  neighbors_.reserve(peers);
  forwarding_.reserve(peers);
  routes_.reserve(peers);
}

}  // namespace paddock::net::overlay
