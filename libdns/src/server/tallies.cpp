// SPDX-License-Identifier: Apache-2.0
#include "server/tallies.hpp"

#include "wire/message.hpp"

#include <algorithm>

namespace paddock::dns {

std::string_view format(TypeGroup group) {
  static constexpr std::array<std::string_view, type_groups> names{
      "A", "AAAA", "CNAME", "PTR", "SRV", "TXT", "MX", "SOA", "NS", "HTTPS", "ANY", "other"};
  return names[static_cast<std::size_t>(group)];
}

namespace server {
namespace {

TypeGroup group_of(Type type) {
  switch (type) {
    case Type::a:
      return TypeGroup::a;
    case Type::aaaa:
      return TypeGroup::aaaa;
    case Type::cname:
      return TypeGroup::cname;
    case Type::ptr:
      return TypeGroup::ptr;
    case Type::srv:
      return TypeGroup::srv;
    case Type::txt:
      return TypeGroup::txt;
    case Type::mx:
      return TypeGroup::mx;
    case Type::soa:
      return TypeGroup::soa;
    case Type::ns:
      return TypeGroup::ns;
    case Type::https:
      return TypeGroup::https;
    case Type::any:
      return TypeGroup::any;
    default:
      return TypeGroup::other;
  }
}

std::size_t protocol_of(Transport transport) { return transport == Transport::tcp ? 1 : 0; }

}  // namespace

void Tallies::count_query(Type type, Transport transport, bool is_v6, std::size_t size) {
  const auto group = group_of(type);
  const std::size_t protocol = protocol_of(transport);
  queries[protocol][is_v6 ? 1 : 0][static_cast<std::size_t>(group)] += 1;
  query_sizes[protocol].add(size);
}

void Tallies::count_reply(std::span<const std::uint8_t> reply, Rcode rcode, Transport transport) {
  response_sizes[protocol_of(transport)].add(reply.size());
  responses[std::min<std::size_t>(static_cast<std::size_t>(rcode), responses.size() - 1)] += 1;
  if ((wire::load16(&reply[2]) & wire::flag_tc) != 0) {
    truncated += 1;
  }
}

void Tallies::add_to(Counters& total) const {
  for (std::size_t protocol = 0; protocol < 2; ++protocol) {
    for (std::size_t family = 0; family < 2; ++family) {
      for (std::size_t type = 0; type < type_groups; ++type) {
        total.queries[protocol][family][type] += queries[protocol][family][type].get();
      }
    }
  }
  for (std::size_t i = 0; i < responses.size(); ++i) {
    total.responses[i] += responses[i].get();
  }
  for (std::size_t protocol = 0; protocol < 2; ++protocol) {
    query_sizes[protocol].add_to(total.query_sizes[protocol]);
    response_sizes[protocol].add_to(total.response_sizes[protocol]);
  }
  latency.add_to(total.latency);
  total.dnssec_ok += dnssec_ok.get();
  total.over_rate_cut += over_rate_cut.get();
  total.over_rate_left_out += over_rate_left_out.get();
  total.truncated += truncated.get();
  total.dropped += dropped.get();
  total.completed += completed.get();
  total.cache_hits += forward.hits.get();
  total.cache_misses += forward.misses.get();
  total.cache_stale += forward.stale.get();
  total.forwarded += forward.sent.get();
  total.forward_hedged += forward.hedged.get();
  total.prefetched += forward.prefetched.get();
  total.forward_failures += forward.failures.get();
  total.forward_exhausted += forward.exhausted.get();
  total.tcp_open += tcp_open.get();
  total.tcp_accepted += tcp_accepted.get();
  total.tcp_refused += tcp_refused.get();
}

}  // namespace server
}  // namespace paddock::dns
