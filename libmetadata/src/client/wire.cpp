// SPDX-License-Identifier: Apache-2.0
#include "client/wire.hpp"

#include <boost/asio/ip/address.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace paddock::metadata::client {
namespace {

Result<void> connect_unix(int fd, const Server& server, const Wire& wire) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, server.path.data(), server.path.size());
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return wire.failure("connect to", errno);
  }
  return {};
}

int start_tcp(int fd, const Server& server) {
  if (server.address.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port);
    const auto bytes = server.address.to_v4().to_bytes();
    std::memcpy(&address.sin_addr, bytes.data(), bytes.size());
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(server.port);
  const auto bytes = server.address.to_v6().to_bytes();
  std::memcpy(&address.sin6_addr, bytes.data(), bytes.size());
  address.sin6_scope_id = static_cast<std::uint32_t>(server.address.to_v6().scope_id());
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace

Server parse_server(const std::string& text) {
  Server server;
  if (text.starts_with("unix:") || text.starts_with('/')) {
    server.path = text.starts_with('/') ? text : text.substr(5);
    server.host = "localhost";
    if (!server.path.starts_with('/') || server.path.size() >= sizeof(sockaddr_un::sun_path)) {
      throw std::invalid_argument("server " + text +
                                  ": the path of a unix socket is absolute and "
                                  "has at most 107 bytes");
    }
    return server;
  }
  constexpr std::string_view scheme = "http://";
  if (!text.starts_with(scheme)) {
    throw std::invalid_argument("server " + text + ": must be unix:/PATH or http://HOST:PORT");
  }
  server.host = text.substr(scheme.size(), text.find('/', scheme.size()) - scheme.size());
  const bool has_brackets = server.host.starts_with('[');
  const auto host_end = has_brackets ? server.host.find(']') + 1 : server.host.rfind(':');
  std::string host = server.host.substr(0, host_end);
  server.port = 80;
  if (host_end < server.host.size()) {
    const char* end = server.host.data() + server.host.size();
    const auto [stop, failed] =
        std::from_chars(server.host.data() + host_end + 1, end, server.port);
    if (failed != std::errc{} || stop != end) {
      throw std::invalid_argument("server " + text + ": the port is no number up to 65535");
    }
  }
  if (has_brackets && host.size() > 2) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code failed;
  server.address = boost::asio::ip::make_address(host, failed);
  if (failed) {
    throw std::invalid_argument("server " + text + ": the host is an IP address or localhost");
  }
  return server;
}

Wire::Wire(Server server)
    : server_(std::move(server)), interrupt_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!interrupt_.is_open()) {
    throw std::system_error(errno, std::generic_category(), "make an event descriptor");
  }
}

Error Wire::failure(std::string_view what, int code) const {
  const boost::system::error_code reason(code, boost::system::generic_category());
  const std::string where = server_.path.empty() ? server_.host : server_.path;
  return {reason, std::string(what) + " " + where + ": " +
                      (code == EPROTO ? std::string("the answer is not HTTP") : reason.message())};
}

bool Wire::is_spoilt() const noexcept {
  pollfd watched{.fd = socket_.get(), .events = POLLIN | POLLRDHUP, .revents = 0};
  return ::poll(&watched, 1, 0) != 0;
}

Result<void> Wire::wait(short events, std::string_view what, Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return failure(what, ETIMEDOUT);
    pollfd watched[] = {{.fd = socket_.get(), .events = events, .revents = 0},
                        {.fd = interrupt_.get(), .events = POLLIN, .revents = 0}};
    const int ready =
        ::poll(watched, 2, static_cast<int>(std::min<std::int64_t>(left.count(), 3'600'000)));
    if (ready < 0 && errno != EINTR) return failure(what, errno);
    if (ready <= 0) continue;
    if (watched[1].revents != 0) return failure(what, ECANCELED);
    return {};
  }
}

Result<void> Wire::open(Deadline deadline) {
  const int family = !server_.path.empty() ? AF_UNIX : server_.address.is_v4() ? AF_INET : AF_INET6;
  socket_ = http::Descriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_.is_open()) return failure("connect to", errno);
  Result<void> connected;
  if (family == AF_UNIX) {
    connected = connect_unix(socket_.get(), server_, *this);
  } else {
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (start_tcp(socket_.get(), server_) != 0) {
      connected = errno == EINPROGRESS ? wait(POLLOUT, "connect to", deadline)
                                       : Result<void>(failure("connect to", errno));
      int code = 0;
      socklen_t size = sizeof code;
      ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size);
      if (connected && code != 0) connected = failure("connect to", code);
    }
  }
  if (!connected) close();
  return connected;
}

void Wire::close() noexcept { socket_.reset(); }

Result<void> Wire::write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    if (auto ready = wait(POLLOUT, "write to", deadline); !ready) return ready;
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return failure("write to", errno);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::size_t> Wire::read(std::string& into, Deadline deadline) {
  for (;;) {
    if (auto ready = wait(POLLIN, "read from", deadline); !ready) return ready.error();
    char buffer[64 * 1024];
    const ssize_t size = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (size >= 0) {
      into.append(buffer, static_cast<std::size_t>(size));
      return static_cast<std::size_t>(size);
    }
    if (errno != EAGAIN && errno != EINTR) return failure("read from", errno);
  }
}

void Wire::interrupt() noexcept {
  const std::uint64_t one = 1;
  (void)!::write(interrupt_.get(), &one, sizeof one);
}

}  // namespace paddock::metadata::client
