// SPDX-License-Identifier: Apache-2.0
#include "overlay/events.hpp"

#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace paddock::net::overlay {

namespace {

constexpr std::array entry_groups = {RTNLGRP_NEIGH, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};

}  // namespace

Events::Events(const NetworkNamespace& host, const netlink::Socket& own)
    : socket_(netlink::Socket::open(host, NETLINK_ROUTE,
                                    {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR})
                  .value()),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  socket_.ignore_echo_of(own).value();
  unmute().value();
  for (const int source : {socket_.descriptor(), timer_}) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (source < 0 || epoll_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, source, &event) != 0) {
      const int code = errno;
      ::close(timer_);
      ::close(epoll_);
      throw std::system_error(code, std::generic_category(), "watch the overlay's events");
    }
  }
}

Events::~Events() {
  ::close(timer_);
  ::close(epoll_);
}

bool Events::drain(const netlink::Socket::Take& take) {
  const auto complete = socket_.drain(take);
  return complete && *complete;
}

// A group that cannot be left goes on telling, which costs time and nothing else.
void Events::mute() {
  for (const int group : entry_groups) {
    (void)socket_.leave(group);
  }
}

Result<void> Events::unmute() {
  for (const int group : entry_groups) {
    if (const auto joined = socket_.join(group); !joined) {
      return joined;
    }
  }
  return {};
}

void Events::wake_at(std::chrono::steady_clock::time_point when) {
  using std::chrono::nanoseconds;
  // Zero would be never.
  const auto since_boot =
      std::max(std::chrono::duration_cast<nanoseconds>(when.time_since_epoch()), nanoseconds{1});
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  itimerspec alarm{};
  alarm.it_value = {seconds.count(), (since_boot - seconds).count()};
  ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &alarm, nullptr);
}

}  // namespace paddock::net::overlay
