// SPDX-License-Identifier: Apache-2.0
//
// A DNS client for tests: plain blocking sockets with a generous time-out, over
// UDP for one question at a time and over TCP for anything octets can say.
#pragma once

#include "support/dns_message.hpp"

#include <paddock/dns/upstream.hpp>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstring>
#include <optional>

namespace paddock::dns::testing {

// Connected to a server. Only for IPv4, which is where the tests are.
class Socket {
 public:
  Socket(int type, const Endpoint& server) : number_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(number_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(number_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(number_, server) != 0) {
      ADD_FAILURE() << "connect: " << std::strerror(errno);
    }
  }
  ~Socket() { ::close(number_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  static int connect(int socket, const Endpoint& server) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port);
    address.sin_addr.s_addr = htonl(server.address.to_v4().to_uint());
    sockaddr any;
    std::memcpy(&any, &address, sizeof any);
    return ::connect(socket, &any, sizeof any);
  }

  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

// Whether somebody takes connections there.
inline bool is_listening(const Endpoint& server) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool is_taken = Socket::connect(socket, server) == 0;
  ::close(socket);
  return is_taken;
}

class UdpClient {
 public:
  explicit UdpClient(const Endpoint& server) : socket_(SOCK_DGRAM, server) {}

  void send(const Message& message) { ::send(socket_.number(), message.data(), message.size(), 0); }

  // The next datagram; nothing when none came.
  std::optional<Message> receive() {
    Message message(65535);
    const auto size = ::recv(socket_.number(), message.data(), message.size(), 0);
    if (size < 0) {
      return std::nullopt;
    }
    message.resize(static_cast<std::size_t>(size));
    return message;
  }

  Seen ask(const Message& message) {
    send(message);
    const auto reply = receive();
    if (!reply) {
      ADD_FAILURE() << "no reply";
      return {};
    }
    return take_apart(*reply);
  }

 private:
  Socket socket_;
};

class TcpClient {
 public:
  explicit TcpClient(const Endpoint& server) : socket_(SOCK_STREAM, server) {}

  static Message framed(const Message& message) {
    Message frame;
    put16(frame, static_cast<unsigned>(message.size()));
    frame.insert(frame.end(), message.begin(), message.end());
    return frame;
  }

  void write(const Message& octets) {
    ::send(socket_.number(), octets.data(), octets.size(), MSG_NOSIGNAL);
  }
  void send(const Message& message) { write(framed(message)); }
  void finish_sending() { ::shutdown(socket_.number(), SHUT_WR); }

  // The next whole message; nothing when the connection ends before.
  std::optional<Message> receive() {
    std::uint8_t length[2];
    if (!read(length, 2)) {
      return std::nullopt;
    }
    Message message(wire::load16(length));
    return read(message.data(), message.size()) ? std::optional(message) : std::nullopt;
  }

  Seen ask(const Message& message) {
    send(message);
    const auto reply = receive();
    if (!reply) {
      ADD_FAILURE() << "no reply";
      return {};
    }
    return take_apart(*reply);
  }

  // True when the server closed the connection and nothing was left to read.
  bool is_closed() {
    std::uint8_t octet = 0;
    const auto got = ::recv(socket_.number(), &octet, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }

  [[nodiscard]] int number() const { return socket_.number(); }

 private:
  bool read(std::uint8_t* to, std::size_t size) {
    return ::recv(socket_.number(), to, size, MSG_WAITALL) == static_cast<ssize_t>(size);
  }

  Socket socket_;
};

}  // namespace paddock::dns::testing
