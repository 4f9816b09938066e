// SPDX-License-Identifier: Apache-2.0
#include "server/limits.hpp"

namespace paddock::dns::server {

bool ConnectionLimits::admit(const boost::asio::ip::address& client) {
  const std::lock_guard lock(mutex_);
  if (total_ >= options_.max_connections) {
    return false;
  }
  auto& count = clients_[client];
  if (count >= options_.max_connections_per_client) {
    return false;
  }
  ++count;
  ++total_;
  return true;
}

void ConnectionLimits::release(const boost::asio::ip::address& client) {
  const std::lock_guard lock(mutex_);
  const auto found = clients_.find(client);
  if (--found->second == 0) {
    clients_.erase(found);
  }
  --total_;
}

bool ConnectionLimits::is_crowded() const {
  const std::lock_guard lock(mutex_);
  return total_ > options_.max_connections - options_.max_connections / 4;
}

}  // namespace paddock::dns::server
