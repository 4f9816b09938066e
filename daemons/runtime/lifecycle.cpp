// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle.hpp"

#include "runtime/systemd.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string>
#include <system_error>

namespace paddock::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

// The monotonic time in the form Type=notify-reload wants.
std::string monotonic_usec() {
  const auto now = steady_clock::now().time_since_epoch();
  return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

Lifecycle::Lifecycle() : busy_since_(steady_clock::now().time_since_epoch().count()) {
  const auto set = watched_signals();
  std::signal(SIGPIPE, SIG_IGN);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  nudges_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (signals_ < 0 || nudges_ < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot watch for signals");
  }
  watchdog_ = watchdog_interval() / 2;
}

Lifecycle::~Lifecycle() {
  ::close(signals_);
  ::close(nudges_);
}

void Lifecycle::ready(std::string_view status) {
  notify_service_manager("READY=1\nSTATUS=" + std::string(status));
}

Wake Lifecycle::wait(milliseconds at_most) {
  const auto until = steady_clock::now() + at_most;
  for (;;) {
    if (stop_asked_ && !stopped_) {
      stopped_ = true;
      notify_service_manager("STOPPING=1");
    }
    if (stopped_) return Wake::stop;
    const auto left =
        std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(until - steady_clock::now()));
    const auto sleep = watchdog_.count() > 0 ? std::min(left, watchdog_) : left;
    std::array<pollfd, 2> fds{{{signals_, POLLIN, 0}, {nudges_, POLLIN, 0}}};
    if (watchdog_.count() > 0) notify_service_manager("WATCHDOG=1");
    busy_since_ = 0;
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(sleep.count()));
    busy_since_ = steady_clock::now().time_since_epoch().count();
    if (ready <= 0) {
      if (steady_clock::now() >= until) return Wake::tick;
      continue;
    }
    signalfd_siginfo signal{};
    if (::read(signals_, &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo != SIGHUP) {
        stop_asked_ = true;
        continue;
      }
      notify_service_manager("RELOADING=1\nMONOTONIC_USEC=" + monotonic_usec());
      return Wake::reload;
    }
    std::uint64_t nudges = 0;
    if (::read(nudges_, &nudges, sizeof nudges) == sizeof nudges && !stop_asked_) {
      return Wake::nudge;
    }
  }
}

void Lifecycle::nudge() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(nudges_, &one, sizeof one);  // full: it is awake
}

void Lifecycle::stop() noexcept {
  stop_asked_ = true;
  nudge();
}

milliseconds Lifecycle::beat_age() const noexcept {
  const auto since = busy_since_.load();
  if (since == 0) return milliseconds{0};
  const steady_clock::time_point then{steady_clock::duration{since}};
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - then);
}

}  // namespace paddock::runtime
