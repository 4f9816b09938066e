// SPDX-License-Identifier: Apache-2.0
#include "http/clients.hpp"

#include <cstring>

namespace paddock::metadata::http {
namespace {

// A user stands as an address of the discard prefix (RFC 6666), from which nobody connects.
boost::asio::ip::address client_of(const Peer& peer) {
  if (!peer.is_local) return peer.address;
  boost::asio::ip::address_v6::bytes_type bytes{1};
  std::memcpy(bytes.data() + 8, &peer.uid, sizeof peer.uid);
  return boost::asio::ip::address_v6(bytes);
}

}  // namespace

Clients::Share& Clients::join(const Peer& peer) {
  Share& share = shares_[client_of(peer)];
  ++share.connections;
  return share;
}

void Clients::leave(const Peer& peer) {
  const auto found = shares_.find(client_of(peer));
  if (--found->second.connections == 0) shares_.erase(found);
}

std::size_t Clients::connections_of(const Peer& peer) const {
  const auto found = shares_.find(client_of(peer));
  return found == shares_.end() ? 0 : found->second.connections;
}

}  // namespace paddock::metadata::http
