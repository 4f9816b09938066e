// SPDX-License-Identifier: Apache-2.0
//
// SourceRates: how many replies over UDP an address may have that has not shown
// it is really there, so that queries sent in another's name do him no harm.
#pragma once

#include "server/sockets.hpp"
#include "upstream/tally.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

namespace paddock::dns::server {

// Used by all workers at once, without a lock: where two of them count for one client at the same
// time, one reply may go uncounted. It remembers 16,384 clients in 256 KiB; of more than that,
// those that had the most replies.
class SourceRates {
 public:
  // At least one reply a second. A client that was quiet for a second has all of them at once.
  explicit SourceRates(std::uint32_t per_second);

  // Counts a reply to the client. False: it has had its replies for now.
  [[nodiscard]] bool admit(const SocketAddress& client,
                           std::chrono::steady_clock::time_point now) noexcept;

 private:
  // Of one client; it may have its next reply when less than a second is owed (the virtual
  // scheduling of ITU-T I.371).
  struct Account {
    std::atomic<std::uint64_t> client{0};  // hashed; 0: nobody's
    std::atomic<std::int64_t> paid_until{0};
  };
  static constexpr std::size_t accounts_per_line = 4;
  static constexpr std::size_t lines = 4096;
  struct alignas(64) Line {
    std::array<Account, accounts_per_line> accounts;
  };

  const std::uint64_t seed_;
  const std::int64_t step_;  // nanoseconds for a reply
  std::vector<Line> lines_ = std::vector<Line>(lines);
};

}  // namespace paddock::dns::server
