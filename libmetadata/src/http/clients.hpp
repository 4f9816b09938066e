// SPDX-License-Identifier: Apache-2.0
//
// Who takes how much of a server: a client is an address, or a user of a unix socket. For one
// thread.
#pragma once

#include <paddock/metadata/http_server.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <unordered_map>

namespace paddock::metadata::http {

class Clients {
 public:
  struct Share {
    std::size_t connections = 0;
    std::size_t bytes = 0;  // kept for them: unfinished requests, answers that are not taken
  };
  // The peer's share, with one connection more; stays where it is until as many have left.
  [[nodiscard]] Share& join(const Peer& peer);
  void leave(const Peer& peer);
  // 0: it has none.
  [[nodiscard]] std::size_t connections_of(const Peer& peer) const;

 private:
  std::unordered_map<boost::asio::ip::address, Share> shares_;
};

}  // namespace paddock::metadata::http
