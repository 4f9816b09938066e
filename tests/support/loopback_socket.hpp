// SPDX-License-Identifier: Apache-2.0
//
// A socket bound to a free port of 127.0.0.1. Closed with the object.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <utility>

namespace paddock::test {

class LoopbackSocket {
 public:
  // `type`: SOCK_STREAM or SOCK_DGRAM. `shared_by`: SO_REUSEADDR or SO_REUSEPORT, with which others
  // may be bound there too; 0: nobody.
  explicit LoopbackSocket(int type, int shared_by = 0)
      : number_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    if (shared_by != 0) ::setsockopt(number_, SOL_SOCKET, shared_by, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(number_, any, size) != 0 || ::getsockname(number_, any, &size) != 0) {
      throw std::runtime_error("no free port");
    }
    port_ = ntohs(address.sin_port);
  }
  ~LoopbackSocket() {
    if (number_ >= 0) ::close(number_);
  }
  LoopbackSocket(const LoopbackSocket&) = delete;
  LoopbackSocket& operator=(const LoopbackSocket&) = delete;

  [[nodiscard]] int number() const noexcept { return number_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // For somebody else to close.
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

 private:
  int number_;
  std::uint16_t port_ = 0;
};

}  // namespace paddock::test
