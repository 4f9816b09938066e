// SPDX-License-Identifier: Apache-2.0
//
// Open sockets of one namespace, lent out one per operation, so that operations of several threads
// do not wait for each other.
#pragma once

#include "netlink/socket.hpp"

#include <paddock/net/error.hpp>
#include <paddock/net/namespace.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace paddock::net::netlink {

class SocketPool {
 public:
  // Returns itself to the pool.
  class Loan {
   public:
    Loan(SocketPool& pool, Socket socket) : pool_(pool), socket_(std::move(socket)) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() {
      const std::lock_guard lock(pool_.mutex_);
      pool_.idle_.push_back(std::move(socket_));
    }
    operator Socket&() { return socket_; }
    Socket* operator->() { return &socket_; }

   private:
    SocketPool& pool_;
    Socket socket_;
  };

  // Opens the first socket, so that what prevents opening shows at the start: it is thrown.
  SocketPool(const NetworkNamespace& where, int protocol)
      : where_(where.duplicate()), protocol_(protocol) {
    idle_.push_back(Socket::open(where_, protocol_).value());
  }

  // Throws std::system_error when out of descriptors.
  Loan borrow() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        Socket socket = std::move(idle_.back());
        idle_.pop_back();
        return {*this, std::move(socket)};
      }
    }
    return {*this, Socket::open(where_, protocol_).value()};
  }

  const NetworkNamespace& where() const { return where_; }

 private:
  NetworkNamespace where_;
  int protocol_;
  std::mutex mutex_;
  std::vector<Socket> idle_;
};

}  // namespace paddock::net::netlink
