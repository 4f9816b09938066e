// SPDX-License-Identifier: Apache-2.0
#include "netd/host_claim.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace paddock::netd {
namespace {

constexpr std::string_view name = "paddock-netd";

struct Address {
  sockaddr_un value{};
  socklen_t size = 0;

  Address() {
    value.sun_family = AF_UNIX;
    name.copy(value.sun_path + 1, name.size());  // after a zero byte: not in the file system
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  }
  [[nodiscard]] const sockaddr* generic() const {
    return reinterpret_cast<const sockaddr*>(&value);
  }
};

// Nobody accepts there, so that few can connect: the others are told to try again.
int probe_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

// The process that listens there; empty when it cannot be seen, as from another container.
std::string owner(const Address& address) {
  const int probe = probe_socket();
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = ::connect(probe, address.generic(), address.size) == 0 &&
                     ::getsockopt(probe, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  ::close(probe);
  return known && peer.pid > 0 ? " (process " + std::to_string(peer.pid) + ")" : "";
}

}  // namespace

HostClaim::HostClaim() : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const Address address;
  if (socket_ >= 0 && ::bind(socket_, address.generic(), address.size) == 0 &&
      ::listen(socket_, 1) == 0)
    return;
  const int code = errno;
  if (socket_ >= 0) ::close(socket_);
  if (code == EADDRINUSE)
    throw std::runtime_error("another paddock-netd" + owner(address) +
                             " looks after the pods of this host; stop it first");
  throw std::system_error(code, std::generic_category(), "claim this host");
}

HostClaim::~HostClaim() { ::close(socket_); }

bool HostClaim::is_taken() {
  const Address address;
  const int probe = probe_socket();
  const bool is_there = ::connect(probe, address.generic(), address.size) == 0 || errno == EAGAIN;
  ::close(probe);
  return is_there;
}

}  // namespace paddock::netd
