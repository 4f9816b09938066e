// SPDX-License-Identifier: Apache-2.0
//
// The listening sockets: addresses as the kernel wants them, and sockets opened
// with the options a DNS server needs.
#pragma once

#include "server/descriptor.hpp"
#include "server/inherited.hpp"

#include <paddock/dns/upstream.hpp>

#include <boost/asio/ip/address.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include <vector>

namespace paddock::dns::server {

// An IPv4 or IPv6 socket address.
union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

[[nodiscard]] SocketAddress to_socket_address(const Endpoint& endpoint);
[[nodiscard]] socklen_t size(const SocketAddress& address);
[[nodiscard]] boost::asio::ip::address to_address(const SocketAddress& address);

// The sockets of one worker at one endpoint.
struct Listener {
  Endpoint endpoint;  // with the real port
  Descriptor udp;
  Descriptor tcp;
};

// Leaves new datagrams to whoever else is bound to the address: the socket takes only those of its
// peer from now on, which is itself. What it has taken before can still be read and answered.
void turn_away(const Listener& listener);

// Opens `workers` times the sockets of every endpoint, or takes inherited ones:
// listeners[worker][endpoint]. Throws std::system_error with a sentence that names the address, the
// reason and the remedy.
[[nodiscard]] std::vector<std::vector<Listener>> open_listeners(
    const std::vector<Endpoint>& endpoints, unsigned workers, InheritedSockets inherited);

}  // namespace paddock::dns::server
