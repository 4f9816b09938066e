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

// How large messages were, in the buckets of MessageSizes.
struct SizeTallies {
  std::array<Tally, MessageSizes::bounds.size() + 1> counts;
  Tally octets;

  void add(std::size_t size) {
    const auto length = static_cast<double>(size);
    std::size_t bucket = 0;  // nearly always one of the first
    while (bucket < MessageSizes::bounds.size() && length > MessageSizes::bounds[bucket]) {
      ++bucket;
    }
    counts[bucket] += 1;
    octets += size;
  }

  void add_to(MessageSizes& total) const {
    for (std::size_t i = 0; i < counts.size(); ++i) total.counts[i] += counts[i].get();
    total.sum += octets.get();
  }
};

struct alignas(64) Tallies {
  std::array<std::array<std::array<Tally, type_groups>, 2>, 2> queries;
  std::array<Tally, 24> responses;
  std::array<SizeTallies, 2> query_sizes;  // by protocol
  std::array<SizeTallies, 2> response_sizes;
  Tally dnssec_ok;
  Tally over_rate_cut;
  Tally over_rate_left_out;
  Tally truncated;
  Tally dropped;
  Tally completed;
  upstream::LatencyTallies latency;
  Tally tcp_open;
  Tally tcp_accepted;
  Tally tcp_refused;
  upstream::ForwardTallies forward;

  // `type` is 0 for what could not be read as a query.
  void count_query(Type type, Transport transport, bool is_v6, std::size_t size);
  void count_reply(std::span<const std::uint8_t> reply, Rcode rcode, Transport transport);

  void add_to(Counters& total) const;
};

}  // namespace paddock::dns::server
