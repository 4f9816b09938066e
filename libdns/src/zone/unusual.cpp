// SPDX-License-Identifier: Apache-2.0
#include "zone/unusual.hpp"

#include "zone/chaos.hpp"

namespace paddock::dns {
namespace {

// NOTIFY and UPDATE: what we have comes from elsewhere, so nobody may tell us of changes. The code
// says whether the zone is ours (RFC 1996 section 3, RFC 2136 section 3.1).
Outcome refuse_change(Reply& reply, const AuthorityTable& table,
                      const wire::Query& query) noexcept {
  const std::uint16_t zone = table.zone_of(query.qname());
  const bool is_ours = zone != AuthorityTable::no_zone && query.klass == wire::class_in &&
                       table.zones[zone].origin.size() == query.qname().size();
  if (query.qtype() != Type::soa) {
    reply.set_rcode(Rcode::formerr);
  } else if (is_ours) {
    reply.set_rcode(Rcode::refused);
    reply.set_error(ExtendedError::not_supported);
  } else {
    reply.set_rcode(Rcode::notauth);
    reply.set_error(ExtendedError::not_authoritative);
  }
  return reply.finish();
}

}  // namespace

Outcome answer_unusual(const AuthorityTable& table, wire::Bytes message, const wire::Query& query,
                       const AnswerContext& context, std::span<std::uint8_t> out) noexcept {
  Reply reply(message, query, context, out);
  if (query.edns.version > 0) {
    reply.set_rcode(Rcode::badvers);
    return reply.finish();
  }
  if (!query.has_question()) return reply.finish();
  if (query.opcode() != wire::opcode_query) return refuse_change(reply, table, query);
  if (query.klass != wire::class_in) return answer_chaos(reply, query, context);
  return answer_transfer(reply, table, query, context);
}

}  // namespace paddock::dns
