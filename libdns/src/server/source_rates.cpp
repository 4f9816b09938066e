// SPDX-License-Identifier: Apache-2.0
#include "server/source_rates.hpp"

#include "zone/hash.hpp"

#include <algorithm>

namespace paddock::dns::server {
namespace {

constexpr std::int64_t second = 1'000'000'000;

std::uint64_t hash_of(const SocketAddress& client, std::uint64_t seed) {
  const auto* from = client.any.sa_family == AF_INET
                         ? static_cast<const void*>(&client.v4.sin_addr)
                         : static_cast<const void*>(&client.v6.sin6_addr);
  const std::size_t size = client.any.sa_family == AF_INET ? 4 : 16;
  return hash_bytes({static_cast<const std::uint8_t*>(from), size}, seed) | 1;
}

}  // namespace

SourceRates::SourceRates(std::uint32_t per_second)
    : seed_(random_seed()), step_(second / std::max<std::uint32_t>(1, per_second)) {}

bool SourceRates::admit(const SocketAddress& client,
                        std::chrono::steady_clock::time_point now) noexcept {
  constexpr auto relaxed = std::memory_order_relaxed;
  const std::int64_t at = std::chrono::nanoseconds(now.time_since_epoch()).count();
  const std::uint64_t hash = hash_of(client, seed_);
  auto& accounts = lines_[(hash >> 32) % lines].accounts;
  Account* account = &accounts.front();
  for (Account& one : accounts) {
    if (one.client.load(relaxed) == hash) {
      account = &one;
      break;
    }
    if (one.paid_until.load(relaxed) < account->paid_until.load(relaxed)) account = &one;
  }
  std::int64_t paid_until = std::max(account->paid_until.load(relaxed), at);
  if (account->client.load(relaxed) != hash) {
    account->client.store(hash, relaxed);
    paid_until = at;
  }
  if (paid_until + step_ > at + second) return false;
  account->paid_until.store(paid_until + step_, relaxed);
  return true;
}

}  // namespace paddock::dns::server
