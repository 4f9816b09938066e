// SPDX-License-Identifier: Apache-2.0
#include "zone/chaos.hpp"

#include <array>
#include <cstring>
#include <string_view>

namespace paddock::dns {
namespace {

bool is_name(wire::Bytes name, std::string_view wire) {
  return name.size() == wire.size() && std::memcmp(name.data(), wire.data(), wire.size()) == 0;
}

}  // namespace

Outcome answer_chaos(Reply& reply, const wire::Query& query,
                     const AnswerContext& context) noexcept {
  using namespace std::string_view_literals;
  const wire::Bytes name = query.qname();
  std::string_view text;
  if (is_name(name, "\2id\6server\0"sv) || is_name(name, "\10hostname\4bind\0"sv)) {
    text = context.server_id;
  } else if (is_name(name, "\7version\4bind\0"sv) || is_name(name, "\7version\6server\0"sv)) {
    text = context.version;
  }
  if (query.klass != wire::class_ch || text.empty()) {
    reply.set_rcode(Rcode::refused);
    return reply.finish();
  }
  reply.set_authoritative();
  if (query.qtype() == Type::txt || query.qtype() == Type::any) {
    std::array<std::uint8_t, 256> data;
    text = text.substr(0, 255);
    data[0] = static_cast<std::uint8_t>(text.size());
    std::memcpy(data.data() + 1, text.data(), text.size());
    reply.add_record(wire::header_size, Type::txt, wire::class_ch, 0,
                     {data.data(), text.size() + 1});
  }
  return reply.finish();
}

}  // namespace paddock::dns
