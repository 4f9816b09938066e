// SPDX-License-Identifier: Apache-2.0
//
// Another resolver, for tests: answers over UDP and TCP on one port of 127.0.0.1
// as a script says, on a thread of its own, and remembers who asked what.
#pragma once

#include "support/dns_message.hpp"

#include <paddock/dns/upstream.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

namespace paddock::dns::testing {

struct Heard {
  Message message;
  bool is_tcp = false;
  int number = 0;  // the first query is 1
};

class FakeResolver {
 public:
  // What to send back, in order; nothing at all is a lost query. Runs on the resolver's thread;
  // it may wait, and then everybody who asks waits.
  using Script = std::function<std::vector<Message>(const Heard&)>;

  explicit FakeResolver(Script script) : script_(std::move(script)) {
    open();
    thread_ = std::thread([this] { run(); });
  }
  ~FakeResolver() {
    ::eventfd_write(stop_, 1);
    thread_.join();
    for (const int fd : {udp_, tcp_, stop_}) {
      ::close(fd);
    }
  }
  FakeResolver(const FakeResolver&) = delete;
  FakeResolver& operator=(const FakeResolver&) = delete;

  [[nodiscard]] Endpoint endpoint() const {
    return {boost::asio::ip::make_address("127.0.0.1"), port_};
  }
  [[nodiscard]] int heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }
  [[nodiscard]] std::set<std::uint16_t> ports() const {
    const std::lock_guard lock(mutex_);
    return ports_;
  }

  // Blocks until `count` queries have come.
  void wait_for(int count) {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [&] { return heard_ >= count; });
  }

 private:
  void open() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr any;
    socklen_t length = sizeof any;
    for (;;) {  // until a port is free for both
      udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      address.sin_port = 0;
      std::memcpy(&any, &address, sizeof any);
      ::bind(udp_, &any, sizeof any);
      ::getsockname(udp_, &any, &length);
      std::memcpy(&address, &any, sizeof any);
      port_ = ntohs(address.sin_port);
      if (::bind(tcp_, &any, sizeof any) == 0 && ::listen(tcp_, 16) == 0) {
        break;
      }
      ::close(udp_);
      ::close(tcp_);
    }
    stop_ = ::eventfd(0, EFD_CLOEXEC);
  }

  void run() {
    pollfd watched[] = {{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}, {stop_, POLLIN, 0}};
    while (::poll(watched, 3, -1) >= 0 && watched[2].revents == 0) {
      if (watched[0].revents != 0) {
        serve_udp();
      }
      if (watched[1].revents != 0) {
        serve_tcp();
      }
    }
  }

  std::vector<Message> answers(Message message, bool is_tcp, std::uint16_t port) {
    Heard heard{.message = std::move(message), .is_tcp = is_tcp};
    {
      const std::lock_guard lock(mutex_);
      heard.number = ++heard_;
      ports_.insert(port);
    }
    came_.notify_all();
    return script_(heard);
  }

  void serve_udp() {
    Message message(65535);
    sockaddr any;
    socklen_t length = sizeof any;
    const auto size = ::recvfrom(udp_, message.data(), message.size(), 0, &any, &length);
    if (size < 0) {
      return;
    }
    message.resize(static_cast<std::size_t>(size));
    sockaddr_in client;
    std::memcpy(&client, &any, sizeof client);
    for (const auto& reply : answers(std::move(message), false, ntohs(client.sin_port))) {
      ::sendto(udp_, reply.data(), reply.size(), 0, &any, length);
    }
  }

  // One query per connection, which is what c-ares sends after a truncated answer.
  void serve_tcp() {
    const int connection = ::accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
    std::uint8_t length[2];
    if (::recv(connection, length, 2, MSG_WAITALL) == 2) {
      Message message(wire::load16(length));
      ::recv(connection, message.data(), message.size(), MSG_WAITALL);
      for (const auto& reply : answers(std::move(message), true, 0)) {
        Message frame;
        put16(frame, static_cast<unsigned>(reply.size()));
        frame.insert(frame.end(), reply.begin(), reply.end());
        ::send(connection, frame.data(), frame.size(), MSG_NOSIGNAL);
      }
    }
    ::close(connection);
  }

  Script script_;
  int udp_ = -1;
  int tcp_ = -1;
  int stop_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable came_;
  int heard_ = 0;
  std::set<std::uint16_t> ports_;
  std::thread thread_;
};

// A gate that scripts wait at until the test opens it.
class Gate {
 public:
  void open() {
    {
      const std::lock_guard lock(mutex_);
      is_open_ = true;
    }
    opened_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
};

}  // namespace paddock::dns::testing
