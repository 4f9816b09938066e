// SPDX-License-Identifier: Apache-2.0
//
// A raw socket for tests: sends exactly the bytes it is told to, reads with a deadline.
#pragma once

#include <paddock/metadata/http_server.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace paddock::metadata::testing {

class SocketClient {
 public:
  static SocketClient to(const TcpEndpoint& endpoint, int receive_buffer = 0) {
    SocketClient client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0) {
      ::setsockopt(client.fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    client.connect(endpoint);
    return client;
  }
  // From another loopback address: "127.0.0.2".
  static SocketClient from(const char* source, const TcpEndpoint& endpoint) {
    SocketClient client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, source, &address.sin_addr);
    (void)::bind(client.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    client.connect(endpoint);
    return client;
  }
  static SocketClient to(const std::string& path) {
    SocketClient client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    client.is_connected_ =
        ::connect(client.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    return client;
  }
  SocketClient(SocketClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        is_connected_(other.is_connected_),
        ended_(other.ended_),
        read_(std::move(other.read_)) {}
  ~SocketClient() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] bool is_connected() const { return is_connected_; }
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void end_sending() const { ::shutdown(fd_, SHUT_WR); }

  // Everything up to and with `mark`; what has come when the server closed or a minute is over.
  std::string read_until(std::string_view mark) {
    for (;;) {
      if (const auto at = read_.find(mark); at != std::string::npos) {
        return take(at + mark.size());
      }
      if (!receive()) return take(read_.size());
    }
  }
  std::string read_bytes(std::size_t count) {
    while (read_.size() < count && receive()) {
    }
    return take(std::min(count, read_.size()));
  }
  // Everything until the server closes.
  std::string read_all() {
    while (receive()) {
    }
    return take(read_.size());
  }
  // One response with a Content-Length, head and body.
  std::string read_response() {
    std::string response = read_until("\r\n\r\n");
    const auto at = response.find("Content-Length: ");
    if (at != std::string::npos) response += read_bytes(std::stoul(response.substr(at + 16)));
    return response;
  }
  // Whether the server has closed, or does within a minute, with nothing more to read.
  bool is_closed() { return read_all().empty() && ended_; }
  // Whether nothing arrives within `time`.
  [[nodiscard]] bool is_silent(std::chrono::milliseconds time) const {
    pollfd watched{.fd = fd_, .events = POLLIN, .revents = 0};
    return read_.empty() && ::poll(&watched, 1, static_cast<int>(time.count())) == 0;
  }

 private:
  explicit SocketClient(int fd) : fd_(fd) {}
  void connect(const TcpEndpoint& endpoint) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    address.sin_addr.s_addr = htonl(endpoint.address.to_v4().to_uint());
    is_connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  std::string take(std::size_t count) {
    std::string taken = read_.substr(0, count);
    read_.erase(0, count);
    return taken;
  }
  bool receive() {
    pollfd watched{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&watched, 1, 60'000) != 1) return false;
    char buffer[16384];
    const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
    ended_ = size <= 0;
    if (size > 0) read_.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  }
  int fd_;
  bool is_connected_ = false;
  bool ended_ = false;
  std::string read_;
};

}  // namespace paddock::metadata::testing
