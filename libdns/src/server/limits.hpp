// SPDX-License-Identifier: Apache-2.0
//
// ConnectionLimits: how many TCP connections there may be, in all and from one
// client, over all workers.
#pragma once

#include <paddock/dns/server.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <map>
#include <mutex>

namespace paddock::dns::server {

// Used by all workers at once. It has a lock because the limits are the server's and not a
// worker's; it is taken when a connection begins and ends, never for a query.
class ConnectionLimits {
 public:
  explicit ConnectionLimits(const TcpOptions& options) : options_(options) {}

  // Counts a new connection; false: there are too many, refuse it.
  [[nodiscard]] bool admit(const boost::asio::ip::address& client);
  void release(const boost::asio::ip::address& client);

  // More than three quarters of all are in use: time to close the idle ones.
  [[nodiscard]] bool is_crowded() const;

 private:
  const TcpOptions options_;
  mutable std::mutex mutex_;
  std::map<boost::asio::ip::address, std::size_t> clients_;
  std::size_t total_ = 0;
};

}  // namespace paddock::dns::server
