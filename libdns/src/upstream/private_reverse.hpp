// SPDX-License-Identifier: Apache-2.0
//
// Reverse names of addresses that mean something else to everybody: private,
// link-local, loopback, documentation (RFC 6303, RFC 7793). The public DNS cannot
// know them, so they are answered here: they do not exist.
#pragma once

#include "upstream/known_answer.hpp"

#include <optional>

namespace paddock::dns::upstream {

// The negative answer for such a name, with a SOA to cache it by; nothing for any other name.
[[nodiscard]] std::optional<KnownAnswer> answer_private_reverse(const Question& question);

}  // namespace paddock::dns::upstream
