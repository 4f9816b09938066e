// SPDX-License-Identifier: Apache-2.0
//
// The OPT record of a reply (RFC 6891), wherever its answer comes from: our version and size, and
// the options that the client asked for. Nothing allocates.
#pragma once

#include "wire/message.hpp"

#include <paddock/dns/answer.hpp>

#include <cstddef>

namespace paddock::dns::wire {

inline constexpr std::size_t max_opt_size = 128;

// Octets it takes at most, with an extended error that may still come; 0 for a client without EDNS.
std::size_t opt_room(const Query& query, const AnswerContext& context) noexcept;

// Writes it for a client with EDNS. `rcode` is the whole code; its upper bits stand here.
void write_opt(Writer& writer, const Query& query, const AnswerContext& context, unsigned rcode,
               ExtendedError error) noexcept;

}  // namespace paddock::dns::wire
