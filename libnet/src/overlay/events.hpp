// SPDX-License-Identifier: Apache-2.0
//
// One descriptor that is readable when kernel events wait or an alarm is due.
#pragma once

#include "netlink/socket.hpp"

#include <paddock/net/error.hpp>
#include <paddock/net/namespace.hpp>

#include <chrono>

namespace paddock::net::overlay {

class Events {
 public:
  // Hears what others do to links, addresses, routes and neighbours of that namespace, but not
  // what `own` does. Throws std::system_error when the system has no descriptors.
  Events(const NetworkNamespace& host, const netlink::Socket& own);
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  int descriptor() const { return epoll_; }
  // Hands over every event that waits. False: some were lost.
  bool drain(const netlink::Socket::Take& take);
  // Hears nothing of routes and neighbours until unmute(): the kernel then need not tell us of
  // thousands that we make. What others do meanwhile has to be looked for afterwards.
  void mute();
  Result<void> unmute();
  // One alarm; a later call moves it.
  void wake_at(std::chrono::steady_clock::time_point when);

 private:
  netlink::Socket socket_;
  int timer_;
  int epoll_;
};

}  // namespace paddock::net::overlay
