// SPDX-License-Identifier: Apache-2.0
#include "upstream/shared_flights.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace paddock::dns::upstream {

SharedFlights::SharedFlights(std::size_t workers) : waiting_(workers) {
  for (auto& worker : waiting_) {
    worker.descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (worker.descriptor < 0) {
      throw std::system_error(errno, std::generic_category(), "eventfd of a DNS worker");
    }
  }
}

SharedFlights::~SharedFlights() {
  for (const auto& worker : waiting_) {
    ::close(worker.descriptor);
  }
}

bool SharedFlights::lead(std::string_view key, std::size_t worker) {
  if (waiting_.size() == 1) {
    return true;
  }
  const std::lock_guard lock(mutex_);
  const auto flight = flights_.find(key);
  if (flight == flights_.end()) {
    flights_.emplace(key, Flight{.leader = worker, .followers = {}});
    return true;
  }
  if (flight->second.leader == worker) {
    return true;
  }
  if (std::ranges::find(flight->second.followers, worker) == flight->second.followers.end()) {
    flight->second.followers.push_back(worker);
  }
  return false;
}

void SharedFlights::land(std::string_view key, const KnownAnswer* answer, NoAnswer failure) {
  if (waiting_.size() == 1) {
    return;
  }
  const std::lock_guard lock(mutex_);
  const auto flight = flights_.find(key);
  if (flight == flights_.end()) {
    return;
  }
  std::shared_ptr<const KnownAnswer> shared;
  if (answer != nullptr && !flight->second.followers.empty()) {
    shared = std::make_shared<KnownAnswer>(*answer);
  }
  for (const auto worker : flight->second.followers) {
    waiting_[worker].landings.push_back(
        {.key = flight->first, .answer = shared, .failure = failure});
    (void)::eventfd_write(waiting_[worker].descriptor, 1);
  }
  flights_.erase(flight);
}

std::vector<Landing> SharedFlights::take_landings(std::size_t worker) {
  eventfd_t ignored = 0;
  (void)::eventfd_read(waiting_[worker].descriptor, &ignored);
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_[worker].landings, {});
}

}  // namespace paddock::dns::upstream
