// SPDX-License-Identifier: Apache-2.0
//
// The part of the responder that is there for rules.
#include "rules/transcribe.hpp"
#include "server/responder.hpp"
#include "zone/reply.hpp"
#include "zone/soa.hpp"

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

// The name has something, but nothing of the type.
Outcome answer_nothing(ExtendedError error, const SoaTemplate& soa, wire::Bytes raw,
                       const wire::Query& query, const AnswerContext& context,
                       std::span<std::uint8_t> out) {
  Reply reply(raw, query, context, out);
  if (error == ExtendedError::none) reply.set_authoritative();
  reply.set_error(error);
  reply.add_soa(soa, wire::header_size, false);
  return reply.finish();
}

Outcome answer_blocked(const CompiledRules& rules, const SoaTemplate& soa, wire::Bytes raw,
                       const wire::Query& query, const AnswerContext& context,
                       std::span<std::uint8_t> out) {
  static constexpr std::array<std::uint8_t, 16> zero{};
  const bool is_address = query.qtype() == Type::a || query.qtype() == Type::aaaa;
  Reply reply(raw, query, context, out);
  reply.set_error(ExtendedError::blocked);
  if (rules.block_answer() == BlockAnswer::zero && is_address) {
    reply.add_record(wire::header_size, query.qtype(), wire::class_in, rules.block_ttl(),
                     std::span(zero).first(query.qtype() == Type::a ? 4 : 16));
    return reply.finish();
  }
  if (rules.block_answer() == BlockAnswer::nxdomain) reply.set_rcode(Rcode::nxdomain);
  reply.add_soa(soa, wire::header_size, false);
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

// Of a name that is a zone by itself.
SoaTemplate soa_of_its_own(std::uint32_t seconds) {
  const std::chrono::seconds ttl(seconds);
  return compile_zone({.origin = {},
                       .ttl = ttl,
                       .negative_ttl = ttl,
                       .mname = Name::parse("localhost").value(),
                       .rname = Name::parse("nobody.invalid").value()})
      .soa;
}

std::vector<std::uint8_t> copy_of(wire::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

void Responder::set_rules(std::shared_ptr<const Rules> rules) {
  rules_ = std::move(rules);
  if (rules_ == nullptr) return;
  blocked_soa_ = soa_of_its_own(rules_->compiled().block_ttl());
  host_soa_ = soa_of_its_own(rules_->compiled().host_ttl());
}

// Blocked names first, then host entries, then rewrites; what is left is looked up as ever, and its
// addresses may be made for IPv6-only clients.
Responder::Response Responder::respond_by_rules(wire::Bytes raw, const wire::Query& query,
                                                const AnswerContext& context, Way way,
                                                std::span<std::uint8_t> reply) {
  const auto& rules = rules_->compiled();
  const std::size_t before = way.detours.size();
  if (query.klass != wire::class_in || query.opcode() != wire::opcode_query ||
      query.edns.version != 0) {
    return resolve(raw, query, context, way, reply);
  }
  if (rules.is_blocked(query.qname())) {
    return replied_with(answer_blocked(rules, blocked_soa_, raw, query, context, reply));
  }
  if (rules.is_blocked(query.qtype())) {
    return replied_with(
        answer_nothing(ExtendedError::blocked, blocked_soa_, raw, query, context, reply));
  }
  std::vector<std::uint8_t> inner;
  if (const auto* host = rules.find_host(query.qname())) {
    const auto* data = data_of(*host, query.qtype());
    if (data != nullptr && data->empty()) {
      return replied_with(
          answer_nothing(ExtendedError::none, host_soa_, raw, query, context, reply));
    }
    if (data != nullptr) {
      return replied_with(answer_host(*data, rules.host_ttl(), raw, query, context, reply));
    }
    inner = copy_of(raw);
    way.detours.push_back({.kind = Detour::Kind::has_host, .rules = rules_, .query = inner});
  }
  if (const auto rewritten = rules.rewrite(query.qname())) {
    inner = with_question(raw, query, rewritten->name.wire(), query.qtype());
    way.detours.push_back({.kind = Detour::Kind::rewritten,
                           .rules = rules_,
                           .rewrite = rewritten->rewrite,
                           .query = copy_of(raw),
                           .asked_name = copy_of(rewritten->name.wire())});
  }
  if (rules.dns64() && query.qtype() == Type::ptr && way.detours.size() == before) {
    if (const auto inside = embedded_address(query.qname(), *rules.dns64())) {
      const auto name = reverse_name(*inside);
      if (const auto* host = rules.find_host(name.wire()); host && !host->ptr.empty()) {
        return replied_with(answer_host(host->ptr, rules.host_ttl(), raw, query, context, reply));
      }
      inner = with_question(raw, query, name.wire(), Type::ptr);
      way.detours.push_back(
          {.rules = rules_, .query = copy_of(raw), .asked_name = copy_of(name.wire())});
    }
  }
  // RFC 6147, 5.5: who validates makes the addresses himself.
  const bool validates = query.edns.dnssec_ok && query.wants(wire::flag_cd);
  if (rules.dns64() && query.qtype() == Type::aaaa && !validates) {
    if (inner.empty()) inner = copy_of(raw);
    way.detours.push_back(
        {.kind = Detour::Kind::needs_aaaa, .rules = rules_, .query = inner, .asked_name = {}});
  }
  return way.detours.size() == before ? resolve(raw, query, context, way, reply)
                                      : go_round(std::move(inner), context, way, reply);
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
    Detour detour = std::move(way.detours.back());
    way.detours.pop_back();
    const auto inner = reply.first(response.size);
    if (detour.kind == Detour::Kind::has_host) {  // others may not say that the name is not there
      if (response.rcode != Rcode::nxdomain) continue;
      response.rcode = Rcode::noerror;
      wire::store16(&reply[2], wire::load16(&reply[2]) & 0xFFF0);
      continue;
    }
    if (detour.kind == Detour::Kind::needs_aaaa) {
      if (!has_no_aaaa(inner)) continue;
      detour.made_ttl = made_ttl(inner);
      if (const auto asked = ask_for_a(detour, context, way)) {
        if (asked->result != Result::replied) return *asked;
        response = *asked;
        std::copy_n(round_.begin(), response.size, reply.begin());
      }
      continue;
    }
    wire::Query query;
    if (wire::parse_query(detour.query, query) != wire::Verdict::ok) return {};
    if (detour.kind == Detour::Kind::completed &&
        (response.rcode == Rcode::nxdomain || response.rcode == Rcode::refused)) {
      response = ask_candidate(std::move(detour), query, context, way);
      if (response.result != Result::replied) return response;
      std::copy_n(round_.begin(), response.size, reply.begin());
      continue;
    }
    Transcription how{.rewrite = detour.rewrite};
    how.shows_cname = detour.kind == Detour::Kind::completed;
    if (detour.kind == Detour::Kind::has_a) {
      how.dns64 = &*detour.rules->compiled().dns64();
      how.dns64_ttl = detour.made_ttl;
    }
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
