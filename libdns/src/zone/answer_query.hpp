// SPDX-License-Identifier: Apache-2.0
//
// answer() for a query that was taken apart already.
#pragma once

#include "wire/message.hpp"

#include <paddock/dns/answer.hpp>

namespace paddock::dns {

// `query` is `message` taken apart with success; see answer_unreadable() for what cannot be.
Outcome answer_query(const Authority& authority, wire::Bytes message, const wire::Query& query,
                     const AnswerContext& context, std::span<std::uint8_t> out) noexcept;

}  // namespace paddock::dns
