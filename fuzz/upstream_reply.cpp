// SPDX-License-Identifier: Apache-2.0
//
// Whatever another resolver sends: read, kept, given to a client, and changed back
// by a rule, without a step out of bounds; what is accepted can be given to anyone.
#include "rules/transcribe.hpp"
#include "upstream/known_answer.hpp"

#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::dns;
  static constexpr std::string_view raw(
      "\x12\x34\1\0\0\1\0\0\0\0\0\1\3www\7example\3net\0\0\1\0\1\0\0\x29\4\xd0\0\0\0\0\0\0", 44);
  static const wire::Bytes query(reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size());
  static const CompiledRewrite rewrite(parse_rewrite("suffix .example.org .example.net").value());
  static const auto prefix = boost::asio::ip::make_network_v6("64:ff9b::/96");
  wire::Query parsed;
  if (wire::parse_query(query, parsed) != wire::Verdict::ok) std::abort();
  const upstream::Question question(parsed.qname(), parsed.type, parsed.klass, {});

  const auto answer = upstream::parse_response({data, size}, question);
  if (!answer) return 0;
  std::vector<std::uint8_t> reply(65535), changed(65535);
  for (const auto transport : {Transport::udp, Transport::tcp}) {
    const AnswerContext context{.transport = transport};
    const auto length = upstream::compose_reply(parsed, query, context, answer->view(), {}, reply);
    if (length > (transport == Transport::udp ? 1232U : 65535U)) std::abort();
    const auto again = transcribe(query, parsed, context, std::span(reply).first(length),
                                  parsed.qname(), {.rewrite = &rewrite, .dns64 = &prefix}, changed);
    if (again > (transport == Transport::udp ? 1232U : 65535U)) std::abort();
  }
  return 0;
}
