// SPDX-License-Identifier: Apache-2.0
//
// Queries that are not answered from the records of a name: other classes and opcodes, EDNS
// versions to come, transfers of whole zones, cookies alone.
#pragma once

#include "zone/reply.hpp"
#include "zone/table.hpp"
#include "zone/transfer.hpp"

namespace paddock::dns {

inline bool is_unusual(const wire::Query& query) {
  return query.edns.version > 0 || query.klass != wire::class_in ||
         query.opcode() != wire::opcode_query || is_transfer(query.qtype());
}

Outcome answer_unusual(const AuthorityTable& table, wire::Bytes message, const wire::Query& query,
                       const AnswerContext& context, std::span<std::uint8_t> out) noexcept;

}  // namespace paddock::dns
