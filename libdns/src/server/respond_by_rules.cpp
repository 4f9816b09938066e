// SPDX-License-Identifier: Apache-2.0
//
// The part of the responder that is there for rules.
#include "rules/transcribe.hpp"
#include "server/responder.hpp"
#include "zone/reply.hpp"

#include <paddock/dns/record.hpp>

#include <algorithm>
#include <utility>

namespace paddock::dns::server {
namespace {

using Result = Responder::Result;

Responder::Response replied_with(const Outcome& outcome) {
  return {Result::replied, outcome.size, outcome.rcode};
}

wire::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Of a type that a host entry says nothing about: null.
const std::vector<std::string>* data_of(const CompiledRules::Host& host, Type type) {
  const bool is_name = !host.a.empty() || !host.aaaa.empty();
  switch (type) {
    case Type::a:
      return is_name ? &host.a : nullptr;
    case Type::aaaa:
      return is_name ? &host.aaaa : nullptr;
    case Type::ptr:
      return host.ptr.empty() ? nullptr : &host.ptr;
    default:
      return nullptr;
  }
}

Outcome answer_blocked(const CompiledRules& rules, wire::Bytes raw, const wire::Query& query,
                       const AnswerContext& context, std::span<std::uint8_t> out) {
  static constexpr std::array<std::uint8_t, 16> zero{};
  Reply reply(raw, query, context, out);
  reply.set_error(ExtendedError::blocked);
  if (rules.block_answer() == BlockAnswer::nxdomain) {
    reply.set_rcode(Rcode::nxdomain);
  } else if (query.qtype() == Type::a || query.qtype() == Type::aaaa) {
    reply.add_record(wire::header_size, query.qtype(), wire::class_in, rules.block_ttl(),
                     std::span(zero).first(query.qtype() == Type::a ? 4 : 16));
  }
  return reply.finish();
}

Outcome answer_host(const std::vector<std::string>& data, std::uint32_t ttl, wire::Bytes raw,
                    const wire::Query& query, const AnswerContext& context,
                    std::span<std::uint8_t> out) {
  Reply reply(raw, query, context, out);
  reply.set_authoritative();
  for (std::size_t i = 0; i < data.size(); ++i) {
    reply.add_record(wire::header_size, query.qtype(), wire::class_in, ttl,
                     bytes_of(data[(i + context.rotation) % data.size()]));
  }
  return reply.finish();
}

std::vector<std::uint8_t> copy_of(wire::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

// Blocked names first, then host entries, then rewrites; what is left is looked up as ever, and its
// addresses may be made for IPv6-only clients.
Responder::Response Responder::respond_by_rules(wire::Bytes raw, const Route& route,
                                                const AnswerContext& context,
                                                std::span<std::uint8_t> reply) {
  const auto& rules = rules_->compiled();
  std::vector<Detour> detours;
  if (query_.klass != wire::class_in || query_.opcode() != wire::opcode_query ||
      query_.edns.version != 0) {
    return resolve(raw, query_, context, {route, detours}, reply);
  }
  if (rules.is_blocked(query_.qname())) {
    return replied_with(answer_blocked(rules, raw, query_, context, reply));
  }
  if (const auto* host = rules.find_host(query_.qname())) {
    if (const auto* data = data_of(*host, query_.qtype())) {
      return replied_with(answer_host(*data, rules.host_ttl(), raw, query_, context, reply));
    }
  }
  std::vector<std::uint8_t> inner;
  if (const auto rewritten = rules.rewrite(query_.qname())) {
    inner = with_question(raw, query_, rewritten->name.wire(), query_.qtype());
    detours.push_back({.kind = Detour::Kind::rewritten,
                       .rules = rules_,
                       .rewrite = rewritten->rewrite,
                       .query = copy_of(raw),
                       .asked_name = copy_of(rewritten->name.wire())});
  }
  if (rules.dns64() && query_.qtype() == Type::ptr && detours.empty()) {
    if (const auto inside = embedded_address(query_.qname(), *rules.dns64())) {
      const auto name = reverse_name(*inside);
      inner = with_question(raw, query_, name.wire(), Type::ptr);
      detours.push_back(
          {.rules = rules_, .query = copy_of(raw), .asked_name = copy_of(name.wire())});
    }
  }
  // RFC 6147, 5.5: who validates makes the addresses himself.
  const bool validates = query_.edns.dnssec_ok && query_.wants(wire::flag_cd);
  if (rules.dns64() && query_.qtype() == Type::aaaa && !validates) {
    if (inner.empty()) inner = copy_of(raw);
    detours.push_back(
        {.kind = Detour::Kind::needs_aaaa, .rules = rules_, .query = inner, .asked_name = {}});
  }
  return detours.empty() ? resolve(raw, query_, context, {route, detours}, reply)
                         : go_round(std::move(inner), context, {route, detours}, reply);
}

Responder::Response Responder::go_round(std::vector<std::uint8_t> inner,
                                        const AnswerContext& context, Way way,
                                        std::span<std::uint8_t> reply) {
  wire::Query query;
  if (wire::parse_query(inner, query) != wire::Verdict::ok) return {};
  const auto response = resolve(inner, query, context, way, round_);
  if (response.result != Result::replied) return response;
  std::copy_n(round_.begin(), response.size, reply_.begin());
  const auto changed = come_back(response, context, way, reply_);
  if (changed.result == Result::replied) {
    std::copy_n(reply_.begin(), std::min(changed.size, reply.size()), reply.begin());
  }
  return changed;
}

// `reply` holds the reply to the innermost query; what comes back stands in it, too. It is larger
// than any reply.
Responder::Response Responder::come_back(Response response, const AnswerContext& context, Way way,
                                         std::span<std::uint8_t> reply) {
  while (response.result == Result::replied && !way.detours.empty()) {
    const Detour detour = std::move(way.detours.back());
    way.detours.pop_back();
    const auto inner = reply.first(response.size);
    if (detour.kind == Detour::Kind::needs_aaaa) {
      if (!has_no_aaaa(inner)) continue;
      if (const auto asked = ask_for_a(detour, context, way)) {
        if (asked->result != Result::replied) return *asked;
        response = *asked;
        std::copy_n(round_.begin(), response.size, reply.begin());
      }
      continue;
    }
    wire::Query query;
    if (wire::parse_query(detour.query, query) != wire::Verdict::ok) return {};
    Transcription how{.rewrite = detour.rewrite};
    if (detour.kind == Detour::Kind::has_a) how.dns64 = &*detour.rules->compiled().dns64();
    response.size = transcribe(detour.query, query, context, inner, detour.asked_name, how, round_);
    if (response.size == 0) return {};
    std::copy_n(round_.begin(), response.size, reply.begin());
  }
  return response;
}

// Nothing: it cannot be asked for.
std::optional<Responder::Response> Responder::ask_for_a(const Detour& detour,
                                                        const AnswerContext& context, Way way) {
  wire::Query query;
  if (wire::parse_query(detour.query, query) != wire::Verdict::ok) return std::nullopt;
  const auto a_query = with_question(detour.query, query, query.qname(), Type::a);
  Detour back = detour;
  back.kind = Detour::Kind::has_a;
  back.asked_name = copy_of(query.qname());
  way.detours.push_back(std::move(back));
  wire::Query asked;
  if (wire::parse_query(a_query, asked) != wire::Verdict::ok) return std::nullopt;
  return resolve(a_query, asked, context, way, round_);
}

}  // namespace paddock::dns::server
