// SPDX-License-Identifier: Apache-2.0
#include "server/sockets.hpp"

#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>

namespace paddock::dns::server {
namespace {

namespace ip = boost::asio::ip;

constexpr int port_attempts = 16;
constexpr int accept_backlog = 512;
constexpr int receive_buffer = 4 << 20;  // what may wait while a worker is not scheduled

std::string remedy(int reason, const Endpoint& endpoint) {
  switch (reason) {
    case EADDRINUSE:
      return "another server has it: stop that one, or listen on another address or port "
             "(see it with: ss -luntp 'sport = :" +
             std::to_string(endpoint.port) + "')";
    case EACCES:
    case EPERM:
      return "ports below 1024 need root or CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
      return "this host cannot have that address";
    case EAFNOSUPPORT:
      return "this host has no IPv6: leave that address out";
    case EMFILE:
    case ENFILE:
      return "too many open files: raise the limit (ulimit -n)";
    default:
      return "see the reason";
  }
}

[[noreturn]] void throw_reason(const char* protocol, const Endpoint& endpoint, int reason) {
  throw std::system_error(
      reason, std::generic_category(),
      "cannot listen on " + format(endpoint) + " (" + protocol + "): " + remedy(reason, endpoint));
}

void set(int socket, int level, int option, int value) {
  if (::setsockopt(socket, level, option, &value, sizeof value) != 0) {
    throw std::system_error(errno, std::generic_category(), "socket option");
  }
}

// Options that old or odd kernels may lack and that the server can do without.
void prefer(int socket, int level, int option, int value) {
  (void)::setsockopt(socket, level, option, &value, sizeof value);
}

// What may be asked of a socket before it is bound and after.
void configure(int socket, int type, const Endpoint& endpoint) {
  const bool is_v4 = endpoint.address.is_v4();
  if (type == SOCK_STREAM) {
    set(socket, IPPROTO_TCP, TCP_NODELAY, 1);  // inherited by what is accepted
    return;
  }
  // Beyond net.core.rmem_max only with CAP_NET_ADMIN.
  if (::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) !=
      0) {
    prefer(socket, SOL_SOCKET, SO_RCVBUF, receive_buffer);
  }
  // RFC 9715: replies are not fragmented here, and forged path MTUs change nothing.
  if (is_v4) {
    prefer(socket, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
  } else {
    prefer(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
  }
  if (endpoint.address.is_unspecified()) {  // the reply must leave from the address asked
    set(socket, is_v4 ? int{IPPROTO_IP} : int{IPPROTO_IPV6}, is_v4 ? IP_PKTINFO : IPV6_RECVPKTINFO,
        1);
  }
}

// Whether another server of this user may have the port, too.
enum class Port { shared, own };

Descriptor open_socket(int type, const Endpoint& endpoint, Port port = Port::shared) {
  const int family = endpoint.address.is_v4() ? AF_INET : AF_INET6;
  Descriptor socket(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const char* protocol = type == SOCK_DGRAM ? "UDP" : "TCP";
  if (!socket.is_open()) {
    throw_reason(protocol, endpoint, errno);
  }
  const int fd = socket.number();
  if (type == SOCK_STREAM) {
    set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  }
  if (port == Port::shared) {
    set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  }
  prefer(fd, IPPROTO_IP, IP_FREEBIND, 1);  // for addresses that come later
  if (family == AF_INET6) {
    set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    prefer(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
  }
  configure(fd, type, endpoint);
  const auto address = to_socket_address(endpoint);
  if (::bind(fd, &address.any, size(address)) != 0) {
    throw_reason(protocol, endpoint, errno);
  }
  set(fd, SOL_SOCKET, SO_REUSEPORT, 1);  // with our other workers
  if (type == SOCK_STREAM && ::listen(fd, accept_backlog) != 0) {
    throw_reason(protocol, endpoint, errno);
  }
  return socket;
}

// The one that is there already, else one of our own beside it.
Descriptor take_or_open(int type, const Endpoint& endpoint, InheritedSockets& inherited) {
  Descriptor socket = inherited.take(type, endpoint);
  if (!socket.is_open()) {
    return open_socket(type, endpoint);
  }
  configure(socket.number(), type, endpoint);
  set(socket.number(), SOL_SOCKET, SO_REUSEPORT, 1);
  return socket;
}

std::uint16_t bound_port(const Descriptor& socket) {
  SocketAddress address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket.number(), &address.any, &length) != 0) {
    throw std::system_error(errno, std::generic_category(), "getsockname");
  }
  return ntohs(address.v4.sin_port);  // at the same place in sockaddr_in6
}

// Port 0: whatever is free for UDP and then for TCP too. The kernel would choose ports that others
// share, who then answer our clients.
Listener open_anywhere(Endpoint endpoint) {
  for (int attempt = 1;; ++attempt) {
    Listener listener{
        .endpoint = endpoint, .udp = open_socket(SOCK_DGRAM, endpoint, Port::own), .tcp = {}};
    listener.endpoint.port = bound_port(listener.udp);
    try {
      listener.tcp = open_socket(SOCK_STREAM, listener.endpoint, Port::own);
      return listener;
    } catch (const std::system_error& failed) {
      if (failed.code() != std::errc::address_in_use || attempt == port_attempts) {
        throw;
      }
    }
  }
}

Listener open_listener(const Endpoint& endpoint, InheritedSockets& inherited) {
  if (endpoint.port == 0) {
    return open_anywhere(endpoint);
  }
  return {.endpoint = endpoint,
          .udp = take_or_open(SOCK_DGRAM, endpoint, inherited),
          .tcp = take_or_open(SOCK_STREAM, endpoint, inherited)};
}

}  // namespace

SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress address;
  std::memset(&address, 0, sizeof address);
  if (endpoint.address.is_v4()) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(endpoint.port);
    address.v4.sin_addr.s_addr = htonl(endpoint.address.to_v4().to_uint());
  } else {
    const auto v6 = endpoint.address.to_v6();
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(endpoint.port);
    address.v6.sin6_scope_id = static_cast<std::uint32_t>(v6.scope_id());
    std::memcpy(&address.v6.sin6_addr, v6.to_bytes().data(), 16);
  }
  return address;
}

socklen_t size(const SocketAddress& address) {
  return address.any.sa_family == AF_INET ? sizeof address.v4 : sizeof address.v6;
}

ip::address to_address(const SocketAddress& address) {
  if (address.any.sa_family == AF_INET) {
    return ip::address_v4(ntohl(address.v4.sin_addr.s_addr));
  }
  ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &address.v6.sin6_addr, bytes.size());
  return ip::address_v6(bytes, address.v6.sin6_scope_id);
}

void turn_away(const Listener& listener) {
  Endpoint self = listener.endpoint;
  if (self.address.is_unspecified()) {
    self.address = self.address.is_v4() ? ip::address(ip::address_v4::loopback())
                                        : ip::address(ip::address_v6::loopback());
  }
  const auto address = to_socket_address(self);
  (void)::connect(listener.udp.number(), &address.any, size(address));
}

std::vector<std::vector<Listener>> open_listeners(const std::vector<Endpoint>& endpoints,
                                                  unsigned workers, InheritedSockets inherited) {
  if (endpoints.empty()) {
    throw std::invalid_argument("a DNS server needs an address to listen on");
  }
  std::vector<std::vector<Listener>> listeners(workers);
  for (const auto& endpoint : endpoints) {
    Endpoint actual = endpoint;
    for (auto& mine : listeners) {
      mine.push_back(open_listener(actual, inherited));
      actual = mine.back().endpoint;
    }
  }
  return listeners;
}

}  // namespace paddock::dns::server
