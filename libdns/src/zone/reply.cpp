// SPDX-License-Identifier: Apache-2.0
#include "zone/reply.hpp"

#include "wire/opt.hpp"
#include "zone/entry_writer.hpp"

#include <algorithm>

namespace paddock::dns {
namespace {

constexpr std::size_t max_pointer = 0x3FFF;
constexpr std::size_t min_udp = 512;

std::size_t size_limit(const wire::Query& query, const AnswerContext& context) {
  if (context.transport == Transport::tcp) return 0xFFFF;
  if (!query.edns.is_present) return min_udp;
  return std::max<std::size_t>(min_udp, std::min(query.edns.payload, context.udp_limit));
}

// Which of `count` addresses comes first. The golden ratio spreads consecutive counters evenly,
// and every second or third of them too: a worker that sees A and AAAA in turn must not give each
// question the same half of the counters.
std::size_t first_of(std::uint32_t rotation, std::size_t count) {
  return static_cast<std::size_t>(std::uint64_t{rotation * 0x9E3779B1u} * count >> 32);
}

void patch_owner(std::uint8_t* record, std::size_t owner) {
  wire::store16(record, static_cast<std::uint16_t>(0xC000 | owner));
}

}  // namespace

Reply::Reply(const wire::Query& query, const AnswerContext& context,
             std::span<std::uint8_t> out) noexcept
    : query_(query),
      context_(context),
      writer_(out, 0),
      limit_(std::min(out.size(), size_limit(query, context))) {
  writer_.set_limit(limit_ - opt_room());
}

Reply::Reply(wire::Bytes message, const wire::Query& query, const AnswerContext& context,
             std::span<std::uint8_t> out) noexcept
    : Reply(query, context, out) {
  writer_.bytes(message.data(), query.question_end);
}

Reply Reply::resume(const wire::Query& query, const AnswerContext& context,
                    std::span<std::uint8_t> out, std::size_t size) noexcept {
  Reply reply(query, context, out);
  reply.writer_.rewind(std::min(size, reply.limit_ - reply.opt_room()));
  reply.flags_ = wire::load16(out.data() + 2) & (wire::flag_aa | wire::flag_tc);
  reply.answers_ = wire::load16(out.data() + 6);
  return reply;
}

void Reply::drop_sections() noexcept {
  writer_.rewind(query_.question_end);
  answers_ = authorities_ = additionals_ = 0;
}

// Addresses all have one length: two copies turn the list.
void Reply::add_rotated(const SetView& set, std::size_t owner) noexcept {
  const std::size_t stride = record_size(set.body);
  const std::size_t count = set.header.count;
  const std::size_t taken = std::min(count, writer_.room() / stride);
  const std::size_t first = first_of(context_.rotation, count);
  const std::size_t front = std::min(taken, count - first);
  const std::size_t start = writer_.position();
  writer_.bytes(set.body + first * stride, front * stride);
  writer_.bytes(set.body, (taken - front) * stride);
  if (owner != wire::header_size) {
    for (std::size_t i = 0; i < taken; ++i) patch_owner(writer_.at(start + i * stride), owner);
  }
  answers_ = static_cast<std::uint16_t>(answers_ + taken);
  if (taken < count) set_truncated();
}

void Reply::add_answer(const SetView& set, std::size_t owner) noexcept {
  if (set.type() == Type::a || set.type() == Type::aaaa) return add_rotated(set, owner);
  if (owner == wire::header_size && writer_.bytes(set.body, set.header.size())) {
    answers_ = static_cast<std::uint16_t>(answers_ + set.header.count);
    return;
  }
  // What does not fit begins elsewhere each time, so that no record is always the one left out.
  const bool is_whole = set.header.size() <= writer_.room();
  const std::uint8_t* record = set.body;
  for (auto i = is_whole ? 0 : first_of(context_.rotation, set.header.count); i > 0; --i) {
    record += record_size(record);
  }
  for (unsigned i = 0; i < set.header.count; ++i) {
    const std::size_t start = writer_.position();
    if (!writer_.bytes(record, record_size(record))) return set_truncated();
    patch_owner(writer_.at(start), owner);
    ++answers_;
    record += record_size(record);
    if (record == set.end()) record = set.body;
  }
}

bool Reply::add_whole(const SetView& set, std::size_t owner, std::uint16_t& count) noexcept {
  const std::size_t start = writer_.position();
  if (owner > max_pointer || !writer_.bytes(set.body, set.header.size())) return false;
  for (std::size_t at = start; at < writer_.position(); at += record_size(writer_.at(at))) {
    patch_owner(writer_.at(at), owner);
  }
  count = static_cast<std::uint16_t>(count + set.header.count);
  return true;
}

bool Reply::add_additional(const SetView& set, std::size_t owner) noexcept {
  return add_whole(set, owner, additionals_);
}

void Reply::add_authority(const SetView& set, std::size_t owner) noexcept {
  if (!add_whole(set, owner, authorities_)) set_truncated();
}

void Reply::add_soa(const SoaTemplate& soa, std::size_t origin, bool is_answer) noexcept {
  if (writer_.room() < 2 + soa.bytes.size()) return set_truncated();
  writer_.u16(static_cast<std::uint16_t>(0xC000 | origin));
  put_soa(soa, origin, is_answer);
  ++(is_answer ? answers_ : authorities_);
}

void Reply::add_negative_soa(const SoaTemplate& soa, wire::Bytes origin) noexcept {
  if (writer_.room() < origin.size() + soa.bytes.size()) return set_truncated();
  const std::size_t start = writer_.position();
  writer_.bytes(origin.data(), origin.size());
  put_soa(soa, start, false);
  ++authorities_;
}

// The record from its type on.
void Reply::put_soa(const SoaTemplate& soa, std::size_t origin, bool is_answer) noexcept {
  const std::size_t start = writer_.position();
  writer_.bytes(soa.bytes.data(), soa.bytes.size());
  if (!is_answer) wire::store32(writer_.at(start + 4), soa.negative_ttl);
  for (std::uint8_t i = 0; i < soa.pointer_count; ++i) {
    wire::store16(writer_.at(start + soa.pointers[i]), static_cast<std::uint16_t>(0xC000 | origin));
  }
}

void Reply::add_record(std::size_t owner, Type type, std::uint16_t klass, std::uint32_t ttl,
                       wire::Bytes data) noexcept {
  if (writer_.room() < record_prefix + data.size()) return set_truncated();
  writer_.u16(static_cast<std::uint16_t>(0xC000 | owner));
  writer_.u16(static_cast<std::uint16_t>(type));
  writer_.u16(klass);
  writer_.u32(ttl);
  writer_.u16(static_cast<std::uint16_t>(data.size()));
  writer_.bytes(data.data(), data.size());
  ++answers_;
}

std::size_t Reply::opt_room() const noexcept { return wire::opt_room(query_, context_); }

void Reply::add_opt() noexcept {
  writer_.set_limit(limit_);
  wire::write_opt(writer_, query_, context_, static_cast<unsigned>(rcode_), error_);
  ++additionals_;
}

void Reply::put_header() noexcept {
  // RA only where recursion was wanted: whoever asks an authority without RD need not learn of it.
  // NOTIFY and UPDATE know neither RD nor RA (RFC 2136 section 2.2).
  const bool is_query = query_.opcode() == wire::opcode_query;
  const bool is_recursive = context_.is_forwarding && is_query && query_.wants(wire::flag_rd);
  const unsigned echoed = query_.flags & (is_query ? wire::flag_rd : wire::opcode_mask);
  std::uint8_t* header = writer_.at(0);
  wire::store16(header, query_.id);
  wire::store16(header + 2, static_cast<std::uint16_t>(wire::flag_qr | flags_ | echoed |
                                                       (is_recursive ? wire::flag_ra : 0) |
                                                       (static_cast<unsigned>(rcode_) & 15)));
  wire::store16(header + 4, query_.has_question() ? 1 : 0);
  wire::store16(header + 6, answers_);
  wire::store16(header + 8, authorities_);
  wire::store16(header + 10, additionals_);
}

Outcome Reply::finish() noexcept {
  if (query_.edns.is_present) add_opt();
  put_header();
  Outcome outcome;
  outcome.action = Action::reply;
  outcome.size = writer_.position();
  outcome.rcode = rcode_;
  return outcome;
}

Outcome Reply::leave(std::span<const std::uint8_t> target) noexcept {
  put_header();
  Outcome outcome;
  outcome.action = Action::chase;
  outcome.size = writer_.position();
  outcome.target = target;
  outcome.type = query_.qtype();
  return outcome;
}

std::optional<Outcome> answer_unreadable(wire::Bytes message, wire::Query& query,
                                         std::span<std::uint8_t> out) noexcept {
  if (out.size() < min_udp) return Outcome{};
  const wire::Verdict verdict = wire::parse_query(message, query);
  if (verdict == wire::Verdict::ok) return std::nullopt;
  Outcome outcome;
  if (verdict == wire::Verdict::drop) return outcome;
  // An opcode's flags mean what it says they mean, so none are echoed with NOTIMP (RFC 8906).
  const bool is_opcode = verdict == wire::Verdict::notimp;
  const unsigned echoed =
      query.flags & (query.opcode() != wire::opcode_query ? wire::opcode_mask : wire::flag_rd);
  outcome.action = Action::reply;
  outcome.rcode = is_opcode ? Rcode::notimp : Rcode::formerr;
  outcome.size = std::max<std::size_t>(wire::header_size, query.question_end);
  std::fill_n(out.data(), wire::header_size, std::uint8_t{0});
  wire::store16(out.data(), query.id);
  wire::store16(out.data() + 2, static_cast<std::uint16_t>(wire::flag_qr | echoed |
                                                           static_cast<unsigned>(outcome.rcode)));
  if (query.question_end > 0) {
    wire::store16(out.data() + 4, 1);
    std::memcpy(out.data() + wire::header_size, message.data() + wire::header_size,
                query.question_end - wire::header_size);
  }
  return outcome;
}

}  // namespace paddock::dns
