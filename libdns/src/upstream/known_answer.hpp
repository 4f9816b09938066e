// SPDX-License-Identifier: Apache-2.0
//
// KnownAnswer: what another resolver said, in the form it is kept and given out
// again, with TTLs that count down.
#pragma once

#include "upstream/question.hpp"
#include "upstream/standing.hpp"
#include "wire/message.hpp"

#include <paddock/dns/answer.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace paddock::dns::upstream {

// An answer wherever it is kept. Borrowed.
struct AnswerView {
  wire::Bytes message;                         // header, question, records; the OPT is taken out
  std::span<const std::uint16_t> ttl_offsets;  // where each record's TTL stands
  std::size_t additional = 0;                  // where that section begins
  std::uint16_t rcode = 0;                     // with the extended bits
  ExtendedError error = ExtendedError::none;   // the resolver's own, if it sent one (RFC 8914)
};

struct KnownAnswer {
  std::vector<std::uint8_t> message;
  std::vector<std::uint16_t> ttl_offsets;
  std::size_t additional = 0;
  std::uint16_t rcode = 0;
  ExtendedError error = ExtendedError::none;
  std::optional<std::chrono::seconds> ttl;  // smallest of its records; absent: not to be kept
  bool is_negative = false;                 // NXDOMAIN or NODATA

  [[nodiscard]] AnswerView view() const { return {message, ttl_offsets, additional, rcode, error}; }
};

// Reads a response to `question`. Nothing when it answers something else, is cut short (TC) or is
// malformed. TTLs over 2^31-1 count as 0 (RFC 2181, 8); a negative answer lives min(SOA TTL,
// minimum) and is not kept without a SOA (RFC 2308, 5).
[[nodiscard]] std::optional<KnownAnswer> parse_response(wire::Bytes message,
                                                        const Question& question);

// No TTL in the answer is larger than this from here on.
void cap_ttls(KnownAnswer& answer, std::chrono::seconds largest);

// How an answer is given: how old it is, or that it has expired and is given for want of better.
struct Presentation {
  std::chrono::seconds age{0};
  bool is_stale = false;
};

// What a client is told when its question has no answer: why (RFC 8914), and what all who were
// asked said alike, if they did.
struct NoAnswer {
  ExtendedError error = ExtendedError::none;
  Rcode rcode = Rcode::servfail;
};
// More is asked than may be under way: the client may try another server.
inline constexpr NoAnswer over_limit{.rcode = Rcode::refused};

// What came of a question: an answer, or why there is none. Borrowed: valid until the end of the
// turn of the loop in which it was given.
struct Resolution {
  std::optional<AnswerView> answer{};
  Presentation presentation{};
  NoAnswer failure{};
  bool wants_refresh = false;  // asked for often, and about to expire: whoever sees this asks anew
};

// Copies the answer's message with its TTLs counted down; stale ones get 30 s (RFC 8767, 5).
// `out` must hold answer.message.size() octets.
void render(const AnswerView& answer, const Presentation& presentation, std::uint8_t* out);

// The reply for a client: its id, spelling, RD and CD, AA=0, RA=1, an OPT only if it sent one, AD
// only if it asked for it (RFC 6840, 5.8). What does not fit loses the additional section first,
// then everything, with TC. `query` must be `raw` taken apart. Returns the size.
[[nodiscard]] std::size_t compose_reply(const wire::Query& query, wire::Bytes raw,
                                        const AnswerContext& context, const AnswerView& answer,
                                        const Presentation& presentation,
                                        std::span<std::uint8_t> out);

}  // namespace paddock::dns::upstream
