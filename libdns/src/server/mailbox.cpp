// SPDX-License-Identifier: Apache-2.0
#include "server/mailbox.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace paddock::dns::server {

Mailbox::Mailbox() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!event_.is_open()) {
    throw std::system_error(errno, std::generic_category(), "eventfd of a DNS worker");
  }
}

void Mailbox::post(Orders orders) {
  {
    const std::lock_guard lock(mutex_);
    orders_ = std::move(orders);
    is_pending_ = true;
  }
  (void)::eventfd_write(event_.number(), 1);
}

void Mailbox::wait() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return !is_pending_; });
}

std::optional<Orders> Mailbox::take() {
  eventfd_t ignored = 0;
  (void)::eventfd_read(event_.number(), &ignored);
  const std::lock_guard lock(mutex_);
  return std::exchange(orders_, std::nullopt);
}

void Mailbox::acknowledge() {
  {
    const std::lock_guard lock(mutex_);
    is_pending_ = false;
  }
  done_.notify_one();
}

}  // namespace paddock::dns::server
