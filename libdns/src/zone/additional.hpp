// SPDX-License-Identifier: Apache-2.0
//
// The additional section: addresses of the names that records in the other sections point to, and
// the bindings of those that a binding points to.
#pragma once

#include "zone/reply.hpp"
#include "zone/table.hpp"

namespace paddock::dns {

// Adds those of the targets of the records of `type` that stand in the reply from `start` to its
// end. Their owner stands at `owner_at`: a binding may name it by the root (RFC 9460, 2.5.2).
void add_target_addresses(Reply& reply, const AuthorityTable& table, Type type, std::size_t start,
                          wire::Bytes owner, std::size_t owner_at) noexcept;

// Adds those of one target, which stands in the reply at offset `at`, and what it has of another
// type; where it is an alias, the alias and what it leads to. False when some of them did not fit.
bool add_addresses(Reply& reply, const AuthorityTable& table, wire::Bytes target, std::size_t at,
                   Type also = Type::a) noexcept;

}  // namespace paddock::dns
