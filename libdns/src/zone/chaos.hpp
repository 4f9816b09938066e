// SPDX-License-Identifier: Apache-2.0
//
// Class CH: which server and which version this is (RFC 4892).
#pragma once

#include "zone/reply.hpp"

namespace paddock::dns {

// Answers a query of a class other than IN.
Outcome answer_chaos(Reply& reply, const wire::Query& query, const AnswerContext& context) noexcept;

}  // namespace paddock::dns
