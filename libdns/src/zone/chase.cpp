// SPDX-License-Identifier: Apache-2.0
//
// Replies that end outside our zones: a chase finished with what an upstream said, and failures.
#include "wire/data_form.hpp"
#include "zone/reply.hpp"

#include <paddock/dns/answer.hpp>

#include <algorithm>

namespace paddock::dns {
namespace {

// Copies records of another message into a reply, with names written out. Owners that are a name
// already in the reply become pointers.
class Copier {
 public:
  Copier(wire::Bytes from, Reply& reply, std::size_t target)
      : from_(from), writer_(reply.writer()), known_(target) {}

  // False if the record is malformed or does not fit; then nothing of it is left.
  bool copy(const wire::RecordView& record) noexcept {
    const std::size_t start = writer_.position();
    if (put_owner(record.owner) && writer_.u16(record.type) && writer_.u16(record.klass) &&
        writer_.u32(record.ttl) && put_data(record)) {
      return true;
    }
    writer_.rewind(start);
    return false;
  }

 private:
  bool put_owner(std::size_t offset) noexcept {
    const auto size = wire::read_name(from_, offset, name_);
    if (!size) return false;
    std::array<std::uint8_t, 255> known;
    std::size_t at = known_;
    const auto known_size = wire::read_name({writer_.at(0), writer_.position()}, at, known);
    wire::lower(known.data(), known_size.value_or(0));
    auto lowered = name_;
    wire::lower(lowered.data(), *size);
    if (known_size == size && std::memcmp(lowered.data(), known.data(), *size) == 0) {
      return writer_.u16(static_cast<std::uint16_t>(0xC000 | known_));
    }
    return writer_.bytes(name_.data(), *size);
  }

  bool put_data(const wire::RecordView& record) noexcept {
    const wire::DataForm form = wire::form_of(Type{record.type});
    const std::size_t length_at = writer_.position();
    if (!writer_.u16(0) || record.data_size < form.before) return false;
    std::size_t at = record.data;
    if (!writer_.bytes(from_.data() + at, form.before)) return false;
    at += form.before;
    for (unsigned i = 0; i < form.names; ++i) {
      const auto size = wire::read_name(from_, at, name_);
      if (!size || at > record.end) return false;
      if (record.type == static_cast<std::uint16_t>(Type::cname) && writer_.position() <= 0x3FFF) {
        known_ = writer_.position();  // the next record's owner, most likely
      }
      if (!writer_.bytes(name_.data(), *size)) return false;
    }
    if (!writer_.bytes(from_.data() + at, record.end - at)) return false;
    wire::store16(writer_.at(length_at),
                  static_cast<std::uint16_t>(writer_.position() - length_at - 2));
    return true;
  }

  wire::Bytes from_;
  wire::Writer& writer_;
  std::size_t known_;  // where the name stands that owners are compared with
  std::array<std::uint8_t, 255> name_;
};

bool is_wanted(const wire::RecordView& record, bool is_answer) {
  if (record.klass != wire::class_in) return false;
  return is_answer || Type{record.type} == Type::soa;
}

// Appends the answer section, and the SOA of a negative answer. False when a record is malformed.
bool append_upstream(wire::Bytes upstream, Reply& reply, std::size_t target) noexcept {
  std::size_t offset = wire::header_size;
  for (unsigned i = wire::load16(upstream.data() + 4); i > 0; --i) {
    if (!wire::skip_name(upstream, offset) || upstream.size() - offset < 4) return false;
    offset += 4;
  }
  Copier copier(upstream, reply, target);
  const unsigned answers = wire::load16(upstream.data() + 6);
  const unsigned all = answers + wire::load16(upstream.data() + 8);
  for (unsigned i = 0; i < all; ++i) {
    const bool is_answer = i < answers;
    const auto record = wire::read_record(upstream, offset);
    if (!record) return false;
    if (!is_wanted(*record, is_answer)) continue;
    if (!copier.copy(*record)) {
      reply.set_truncated();
      return true;
    }
    is_answer ? reply.count_answer() : reply.count_authority();
  }
  return true;
}

}  // namespace

Outcome complete_chase(std::span<const std::uint8_t> message, const AnswerContext& context,
                       std::span<const std::uint8_t> upstream, const Outcome& chased,
                       std::span<std::uint8_t> out) noexcept {
  wire::Query query;
  if (wire::parse_query(message, query) != wire::Verdict::ok || chased.action != Action::chase) {
    return {};
  }
  const auto target = static_cast<std::size_t>(chased.target.data() - out.data());
  Reply reply = Reply::resume(query, context, out, chased.size);
  if (context.is_stale) reply.set_error(ExtendedError::stale_answer);
  if (upstream.size() >= wire::header_size && append_upstream(upstream, reply, target)) {
    reply.set_rcode(Rcode{static_cast<std::uint16_t>(upstream[3] & 15)});
    if ((wire::load16(upstream.data() + 2) & wire::flag_tc) != 0) reply.set_truncated();
    return reply.finish();
  }
  Reply failure = Reply::resume(query, context, out, chased.size);
  failure.set_rcode(Rcode::servfail);
  failure.set_error(ExtendedError::no_reachable_authority);
  return failure.finish();
}

Outcome answer_failure(std::span<const std::uint8_t> message, const AnswerContext& context,
                       Rcode rcode, ExtendedError error, std::span<std::uint8_t> out) noexcept {
  wire::Query query;
  if (const auto outcome = answer_unreadable(message, query, out)) return *outcome;
  Reply reply(message, query, context, out);
  reply.set_rcode(rcode);
  reply.set_error(error);
  return reply.finish();
}

}  // namespace paddock::dns
