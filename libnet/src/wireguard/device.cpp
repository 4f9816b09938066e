// SPDX-License-Identifier: Apache-2.0
#include "wireguard/device.hpp"

#include <algorithm>
#include <map>

namespace paddock::net::wireguard {
namespace {

std::vector<Prefix> in_order(std::vector<Prefix> prefixes) {
  std::sort(prefixes.begin(), prefixes.end(), [](const Prefix& left, const Prefix& right) {
    return left.address != right.address ? left.address < right.address
                                         : left.length < right.length;
  });
  return prefixes;
}

bool is_as_wanted(const Remote& actual, const Remote& wanted, bool follows) {
  const bool is_there =
      follows ? actual.endpoint || !wanted.endpoint : actual.endpoint == wanted.endpoint;
  return is_there && actual.shared == wanted.shared && actual.keepalive == wanted.keepalive &&
         in_order(actual.allowed) == in_order(wanted.allowed);
}

}  // namespace

std::string Endpoint::to_string() const {
  const std::string text = address.to_string();
  return (address.is_v4() ? text : '[' + text + ']') + ':' + std::to_string(port);
}

std::vector<std::string> Change::sentences() const {
  std::vector<std::string> made;
  if (private_key) {
    made.emplace_back("set WireGuard's private key");
  }
  if (port) {
    made.push_back("set WireGuard's port to " + std::to_string(*port));
  }
  for (const WireguardKey& key : gone) {
    made.push_back("delete WireGuard peer " + key.to_string());
  }
  for (const Remote& remote : remotes) {
    made.push_back("set WireGuard peer " + remote.key.to_string() +
                   (remote.endpoint ? " at " + remote.endpoint->to_string() : ""));
  }
  return made;
}

Change difference(const Configuration& wanted, const Configuration& actual, bool follows) {
  Change change;
  if (actual.private_key != wanted.private_key) {
    change.private_key = wanted.private_key;
  }
  if (actual.port != wanted.port) {
    change.port = wanted.port;
  }
  std::map<decltype(WireguardKey::octets), const Remote*> present;
  for (const Remote& remote : actual.remotes) {
    present[remote.key.octets] = &remote;
  }
  for (const Remote& remote : wanted.remotes) {
    const auto found = present.find(remote.key.octets);
    if (found == present.end()) {
      change.remotes.push_back(remote);
      continue;
    }
    if (!is_as_wanted(*found->second, remote, follows)) {
      change.remotes.push_back(remote);
    }
    present.erase(found);
  }
  for (const auto& [key, remote] : present) {
    change.gone.push_back(remote->key);
  }
  return change;
}

}  // namespace paddock::net::wireguard
