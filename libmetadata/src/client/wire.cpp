// SPDX-License-Identifier: Apache-2.0
#include "client/wire.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace paddock::metadata::client {
namespace {

constexpr int keep_alive_idle = 10;  // seconds of silence until the peer is asked whether it lives,
constexpr int keep_alive_interval = 5;  // how often after that,
constexpr int keep_alive_probes = 3;    // and after how many without an answer it is dead

void set(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

// A stream may be silent for long: only the kernel can tell then that the peer is gone.
void notice_dead_peers(int fd) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, keep_alive_idle);
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, keep_alive_interval);
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, keep_alive_probes);
}

}  // namespace

Wire::Wire(Server server, Access access)
    : server_(std::move(server)),
      access_(std::move(access)),
      interrupt_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!interrupt_.is_open()) {
    throw std::system_error(errno, std::generic_category(), "make an event descriptor");
  }
}

void Wire::turn_to(Server server) {
  close();
  server_ = std::move(server);
}

Error Wire::failure(std::string_view what, int code) const {
  const boost::system::error_code reason(code, boost::system::generic_category());
  std::string why = reason.message();
  if (code == EPROTO) {
    why = session_ && !session_->reason().empty() ? session_->reason() : "the answer is not HTTP";
  }
  return {reason, std::string(what) + " " + server_.label() + ": " + why};
}

bool Wire::is_spoilt() noexcept {
  pollfd watched{.fd = socket_.get(), .events = POLLIN | POLLRDHUP, .revents = 0};
  if (::poll(&watched, 1, 0) == 0) return false;
  return session_ == nullptr || session_->is_spoilt();
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

Result<void> Wire::wait_for_tls(std::string_view what, Deadline deadline) {
  return wait(session_->wants_write() ? POLLOUT : POLLIN, what, deadline);
}

Result<void> Wire::connect_unix() {
  socket_ = http::Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_.is_open()) return failure("connect to", errno);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, server_.path.data(), server_.path.size());
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failure("connect to", errno);
  }
  return {};
}

Result<void> Wire::connect_tcp(const boost::asio::ip::address& address, Deadline deadline) {
  const boost::asio::ip::tcp::endpoint endpoint(address, server_.port);
  const int family = endpoint.protocol().family();
  socket_ = http::Descriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_.is_open()) return failure("connect to", errno);
  notice_dead_peers(socket_.get());
  if (::connect(socket_.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
    if (errno != EINPROGRESS) return failure("connect to", errno);
    if (auto ready = wait(POLLOUT, "connect to", deadline); !ready) return ready;
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) return failure("connect to", code);
  }
  return server_.is_tls ? begin_tls(deadline) : Result<void>();
}

Result<void> Wire::begin_tls(Deadline deadline) {
  if (context_ == nullptr || !context_->is_current()) {
    auto read = tls::Context::for_client(access_);
    if (!read) return read.error();
    context_ = std::move(*read);
  }
  session_ = tls::Session::connect(context_, socket_.get(), server_.name);
  while (session_->handshake() != 1) {
    if (errno != EAGAIN) return failure("connect to", errno);
    if (auto ready = wait_for_tls("connect to", deadline); !ready) return ready;
  }
  return {};
}

Result<void> Wire::open(Deadline deadline) {
  close();
  Result<void> connected;
  if (!server_.path.empty()) {
    connected = connect_unix();
  } else {
    const auto addresses = resolve(server_.name, deadline, interrupt_.get());
    if (!addresses) return addresses.error();
    auto left = static_cast<int>(addresses->size());
    for (const auto& address : *addresses) {
      close();
      const auto now = std::chrono::steady_clock::now();
      connected = connect_tcp(address, now + (deadline - now) / left--);
      if (connected || connected.error().code == boost::system::errc::operation_canceled) break;
    }
  }
  if (!connected) close();
  return connected;
}

void Wire::close() noexcept {
  session_.reset();
  socket_.reset();
}

Result<void> Wire::write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    if (auto ready = wait(POLLOUT, "write to", deadline); !ready) return ready;
    const ssize_t sent = session_ ? session_->write(bytes.data(), bytes.size())
                                  : ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return failure("write to", errno);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::size_t> Wire::read(std::string& into, Deadline deadline) {
  short events = POLLIN;
  for (;;) {
    // What TLS has read from the socket already does not make that readable.
    if (session_ == nullptr || !session_->has_pending()) {
      if (auto ready = wait(events, "read from", deadline); !ready) return ready.error();
    }
    char buffer[64 * 1024];
    const ssize_t size = session_ ? session_->read(buffer, sizeof buffer)
                                  : ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (size >= 0) {
      into.append(buffer, static_cast<std::size_t>(size));
      return static_cast<std::size_t>(size);
    }
    if (errno != EAGAIN && errno != EINTR) return failure("read from", errno);
    if (session_) events = session_->wants_write() ? POLLOUT : POLLIN;
  }
}

void Wire::interrupt() noexcept {
  const std::uint64_t one = 1;
  (void)!::write(interrupt_.get(), &one, sizeof one);
}

}  // namespace paddock::metadata::client
