// SPDX-License-Identifier: Apache-2.0
#include "server/inherited.hpp"

#include "server/sockets.hpp"

#include <fcntl.h>

#include <algorithm>
#include <utility>

namespace paddock::dns::server {
namespace {

int socket_option(int socket, int option) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

bool is_bound_to(int socket, const Endpoint& endpoint) {
  SocketAddress address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket, &address.any, &length) != 0) return false;
  const bool is_internet = address.any.sa_family == AF_INET || address.any.sa_family == AF_INET6;
  return is_internet && to_address(address) == endpoint.address &&
         ntohs(address.v4.sin_port) == endpoint.port;  // at the same place in sockaddr_in6
}

}  // namespace

InheritedSockets::InheritedSockets(const std::vector<int>& descriptors) {
  for (const int descriptor : descriptors) {
    sockets_.emplace_back(descriptor);
    (void)::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    (void)::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  }
}

Descriptor InheritedSockets::take(int type, const Endpoint& endpoint) {
  const auto found = std::ranges::find_if(sockets_, [&](const Descriptor& socket) {
    const int number = socket.number();
    return socket.is_open() && socket_option(number, SO_TYPE) == type &&
           is_bound_to(number, endpoint) &&
           (type != SOCK_STREAM || socket_option(number, SO_ACCEPTCONN) == 1);
  });
  return found == sockets_.end() ? Descriptor() : std::move(*found);
}

}  // namespace paddock::dns::server
