// SPDX-License-Identifier: Apache-2.0
//
// Names that mean something only where they are: reverse names of private, link-local, loopback and
// documentation addresses (RFC 6303, RFC 7793), and those of multicast DNS (RFC 6762). The public
// DNS cannot know them, so they are answered here: they do not exist.
#pragma once

#include "upstream/known_answer.hpp"

#include <optional>

namespace paddock::dns::upstream {

// Negative answers for such names, with a SOA to cache them by; nothing for any other name.
[[nodiscard]] std::optional<KnownAnswer> answer_private_reverse(const Question& question);
[[nodiscard]] std::optional<KnownAnswer> answer_multicast_name(const Question& question);

}  // namespace paddock::dns::upstream
