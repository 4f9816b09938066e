// SPDX-License-Identifier: Apache-2.0
//
// Transcribing: a query becomes one for another name or type, and the reply to
// that becomes the reply to the first.
#pragma once

#include "rules/compiled_rules.hpp"
#include "wire/message.hpp"

#include <paddock/dns/answer.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace paddock::dns {

// The query with another question; the rest of it, OPT too, as it was.
[[nodiscard]] std::vector<std::uint8_t> with_question(wire::Bytes raw, const wire::Query& query,
                                                      wire::Bytes name, Type type);

// How a reply is changed on its way back.
struct Transcription {
  const CompiledRewrite* rewrite = nullptr;            // names and TTLs are changed back by it
  const boost::asio::ip::network_v6* dns64 = nullptr;  // A records become AAAA records below it
  std::uint32_t dns64_ttl = 0;                         // seconds that those may be kept at most
  bool shows_cname = false;  // a CNAME leads from the name of the query to the other
};

// The reply to `raw`, which is `query` taken apart, out of the reply to what it became:
// `asked_name` stands in it as the name of the query. Keeps within what the client takes. Returns
// the size; 0 when `reply` is malformed.
[[nodiscard]] std::size_t transcribe(wire::Bytes raw, const wire::Query& query,
                                     const AnswerContext& context, wire::Bytes reply,
                                     wire::Bytes asked_name, const Transcription& transcription,
                                     std::span<std::uint8_t> out);

// Whether a reply says that the name is there and has no AAAA record, or nothing at all, as some
// servers say when they are asked for one: the case for DNS64.
[[nodiscard]] bool has_no_aaaa(wire::Bytes reply);

// How long AAAA records made for such a reply may be kept at most: as long as its SOA record, ten
// minutes without one (RFC 6147, 5.1.7).
[[nodiscard]] std::uint32_t made_ttl(wire::Bytes reply);

// The IPv4 address inside an IPv6 address below the prefix, the name of whose PTR record is given;
// nothing when it is not below it.
[[nodiscard]] std::optional<boost::asio::ip::address_v4> embedded_address(
    wire::Bytes reverse_name, const boost::asio::ip::network_v6& prefix);

}  // namespace paddock::dns
