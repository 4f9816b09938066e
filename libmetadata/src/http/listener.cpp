// SPDX-License-Identifier: Apache-2.0
#include "http/listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace paddock::metadata::http {
namespace {

constexpr int backlog = 4096;

[[noreturn]] void fail(const std::string& what, int code) {
  throw std::runtime_error(what + ": " + std::strerror(code));
}

void set_option(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

std::string text_of(const TcpEndpoint& endpoint) {
  const std::string address = endpoint.address.to_string();
  return (endpoint.address.is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(endpoint.port);
}

socklen_t to_sockaddr(const TcpEndpoint& endpoint, sockaddr_storage& storage) {
  std::memset(&storage, 0, sizeof storage);
  if (endpoint.address.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    const auto bytes = endpoint.address.to_v4().to_bytes();
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    return sizeof v4;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(endpoint.port);
  const auto bytes = endpoint.address.to_v6().to_bytes();
  std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
  v6.sin6_scope_id = static_cast<std::uint32_t>(endpoint.address.to_v6().scope_id());
  return sizeof v6;
}

TcpEndpoint from_sockaddr(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    return {boost::asio::ip::address_v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
  boost::asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return {boost::asio::ip::address_v6(bytes, v6.sin6_scope_id), ntohs(v6.sin6_port)};
}

Peer credentials_of(int fd) {
  Peer peer;
  peer.is_local = true;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    peer.pid = credentials.pid;
    peer.uid = credentials.uid;
    peer.gid = credentials.gid;
    std::ifstream file("/proc/" + std::to_string(peer.pid) + "/comm");
    std::getline(file, peer.command);
  }
  return peer;
}

// Whether there is a socket at `path`, of a dead process perhaps.
bool has_socket(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return false;
  if (!S_ISSOCK(status.st_mode)) {
    throw std::runtime_error("listen on " + path + ": the file exists and is no socket");
  }
  return true;
}

// Makes way for a new socket at `path`: removes what a dead process left.
void clear_path(const std::string& path, const sockaddr_un& address) {
  if (!has_socket(path)) return;
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EAGAIN) {
    throw std::runtime_error("listen on " + path + ": process " +
                             std::to_string(credentials_of(probe.get()).pid) +
                             " is serving there; stop it first or choose another path");
  }
  if (errno != ECONNREFUSED) fail("listen on " + path + ": look who serves there", errno);
  ::unlink(path.c_str());
}

// At `path`, which is that of the endpoint or beside it.
Descriptor bind_to(const std::string& path, const UnixEndpoint& endpoint, const std::string& what) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (endpoint.path.empty() || path.size() >= sizeof address.sun_path) {
    throw std::runtime_error(what + ": the path of a unix socket has 1 to " +
                             (endpoint.takes_over ? "106 bytes" : "107 bytes"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  clear_path(path, address);
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open() ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail(what, errno);
  }
  return fd;
}

}  // namespace

void Descriptor::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

TcpEndpoint bound_endpoint(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return from_sockaddr(address);
}

Listener Listener::open(const TcpEndpoint& endpoint, bool reuse_port, InheritedSockets* inherited) {
  if (inherited != nullptr) {
    if (const int taken = inherited->take(endpoint); taken >= 0) return {Descriptor(taken), {}};
  }
  const std::string what = "listen on " + text_of(endpoint);
  const int family = endpoint.address.is_v4() ? AF_INET : AF_INET6;
  Descriptor fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) fail(what, errno);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  set_option(fd.get(), IPPROTO_IP, IP_FREEBIND);
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  if (family == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (reuse_port) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  sockaddr_storage address;
  const socklen_t size = to_sockaddr(endpoint, address);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(fd.get(), backlog) != 0) {
    fail(what, errno);
  }
  return {std::move(fd), {}};
}

Listener Listener::open(const UnixEndpoint& endpoint, InheritedSockets* inherited) {
  const std::string what = "listen on " + endpoint.path;
  // Made beside it, and moved into its place once it takes connections.
  const std::string path = endpoint.takes_over ? endpoint.path + "~" : endpoint.path;
  const bool may_inherit = inherited != nullptr && !endpoint.takes_over;
  Descriptor fd(may_inherit ? inherited->take(endpoint) : -1);
  if (!fd.is_open()) {
    (void)has_socket(endpoint.path);
    fd = bind_to(path, endpoint, what);
  }
  Listener listener(std::move(fd), endpoint.path);
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    listener.device_ = status.st_dev;
    listener.inode_ = status.st_ino;
  }
  // Nobody can connect before listen(), so nobody slips in before the mode is right.
  if (endpoint.group && ::chown(path.c_str(), static_cast<uid_t>(-1), *endpoint.group) != 0) {
    fail(what + ": give it to group " + std::to_string(*endpoint.group), errno);
  }
  if (::chmod(path.c_str(), endpoint.mode) != 0 || ::listen(listener.fd(), backlog) != 0) {
    fail(what, errno);
  }
  if (endpoint.takes_over && ::rename(path.c_str(), endpoint.path.c_str()) != 0) fail(what, errno);
  return listener;
}

Listener::~Listener() {
  if (!descriptor_.is_open() || path_.empty()) return;
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

Descriptor Listener::accept(Peer& peer) const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  Descriptor accepted(
      ::accept4(fd(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted.is_open()) return accepted;
  if (is_local()) {
    peer = credentials_of(accepted.get());
  } else {
    const TcpEndpoint from = from_sockaddr(address);
    peer.address = from.address;
    peer.port = from.port;
  }
  return accepted;
}

}  // namespace paddock::metadata::http
