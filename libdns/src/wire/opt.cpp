// SPDX-License-Identifier: Apache-2.0
#include "wire/opt.hpp"

#include "wire/cookie.hpp"

#include <algorithm>

namespace paddock::dns::wire {
namespace {

constexpr std::size_t opt_header = 11;
constexpr std::size_t option_header = 4;
constexpr std::size_t max_nsid = 64;

static_assert(opt_header + 4 * option_header + max_nsid + full_cookie_size + 2 + 2 <= max_opt_size);

void write_option(Writer& writer, Option code, std::size_t size) {
  writer.u16(static_cast<std::uint16_t>(code));
  writer.u16(static_cast<std::uint16_t>(size));
}

}  // namespace

std::size_t opt_room(const Query& query, const AnswerContext& context) noexcept {
  if (!query.edns.is_present) return 0;
  std::size_t room = opt_header + option_header + 2;
  if (query.edns.asks_nsid) room += option_header + std::min(context.server_id.size(), max_nsid);
  if (!query.edns.cookie.empty()) room += option_header + full_cookie_size;
  if (query.edns.asks_keepalive) room += option_header + 2;
  return room;
}

void write_opt(Writer& writer, const Query& query, const AnswerContext& context, unsigned rcode,
               ExtendedError error) noexcept {
  writer.u8(0);
  writer.u16(static_cast<std::uint16_t>(Type::opt));
  writer.u16(context.udp_limit);
  writer.u8(static_cast<std::uint8_t>(rcode >> 4));
  writer.u8(0);  // version
  writer.u16(query.edns.dnssec_ok ? 0x8000 : 0);
  const std::size_t length_at = writer.position();
  writer.u16(0);
  if (query.edns.asks_nsid && !context.server_id.empty()) {
    const std::string_view id = context.server_id.substr(0, max_nsid);
    write_option(writer, Option::nsid, id.size());
    writer.bytes(id.data(), id.size());
  }
  if (!query.edns.cookie.empty() && context.cookie_secret != nullptr) {
    const auto cookie =
        make_cookie(query.edns.cookie, context.client, context.unix_time, *context.cookie_secret);
    write_option(writer, Option::cookie, cookie.size());
    writer.bytes(cookie.data(), cookie.size());
  }
  if (query.edns.asks_keepalive && context.keepalive > 0 && context.transport == Transport::tcp) {
    write_option(writer, Option::keepalive, 2);
    writer.u16(context.keepalive);
  }
  if (error != ExtendedError::none) {
    write_option(writer, Option::extended_error, 2);
    writer.u16(static_cast<std::uint16_t>(error));
  }
  store16(writer.at(length_at), static_cast<std::uint16_t>(writer.position() - length_at - 2));
}

}  // namespace paddock::dns::wire
