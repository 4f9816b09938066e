// SPDX-License-Identifier: Apache-2.0
//
// What one worker counts. Only its thread adds; Server::counters() sums them up.
#pragma once

#include "upstream/tally.hpp"

#include <paddock/dns/answer.hpp>
#include <paddock/dns/server.hpp>

#include <array>
#include <cstdint>
#include <span>

namespace paddock::dns::server {

using upstream::Tally;

struct alignas(64) Tallies {
  std::array<std::array<std::array<Tally, type_groups>, 2>, 2> queries;
  std::array<Tally, 24> responses;
  Tally truncated;
  Tally dropped;
  Tally completed;
  upstream::LatencyTallies latency;
  Tally tcp_open;
  Tally tcp_accepted;
  Tally tcp_refused;
  upstream::ForwardTallies forward;

  // `type` is 0 for what could not be read as a query.
  void count_query(Type type, Transport transport, bool is_v6);
  void count_reply(std::span<const std::uint8_t> reply, Rcode rcode);

  void add_to(Counters& total) const;
};

}  // namespace paddock::dns::server
