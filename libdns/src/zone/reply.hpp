// SPDX-License-Identifier: Apache-2.0
//
// A reply being put together: header, question, sections, OPT, within what the client can take.
// Nothing allocates. What does not fit is left out by whole records and truncation is noted, but
// for the additional section, which may be incomplete (RFC 2181 section 9).
#pragma once

#include "wire/message.hpp"
#include "zone/entry.hpp"
#include "zone/table.hpp"

#include <paddock/dns/answer.hpp>

namespace paddock::dns {

class Reply {
 public:
  // Copies the question of `query`; `message` is what it was parsed from.
  Reply(wire::Bytes message, const wire::Query& query, const AnswerContext& context,
        std::span<std::uint8_t> out) noexcept;

  // Goes on with a reply that was left without OPT by leave().
  static Reply resume(const wire::Query& query, const AnswerContext& context,
                      std::span<std::uint8_t> out, std::size_t size) noexcept;

  // Adds a set to the answer section. Its owner is the name at offset `owner` of the reply.
  void add_answer(const SetView& set, std::size_t owner) noexcept;

  // Adds the whole set to the authority section; truncates if it does not fit.
  void add_authority(const SetView& set, std::size_t owner) noexcept;

  // Adds the whole set to the additional section, or nothing of it: false.
  bool add_additional(const SetView& set, std::size_t owner) noexcept;

  // Adds the SOA record; the zone's origin stands at offset `origin` of the reply.
  void add_soa(const SoaTemplate& soa, std::size_t origin, bool is_answer) noexcept;

  // The same in the authority section, with an origin that stands nowhere yet.
  void add_negative_soa(const SoaTemplate& soa, wire::Bytes origin) noexcept;

  // Adds one record of class IN or CH to the answer section; truncates if it does not fit.
  void add_record(std::size_t owner, Type type, std::uint16_t klass, std::uint32_t ttl,
                  wire::Bytes data) noexcept;

  // For records written with writer(): counts one more.
  void count_answer() { ++answers_; }
  void count_authority() { ++authorities_; }
  wire::Writer& writer() { return writer_; }

  void set_rcode(Rcode rcode) { rcode_ = rcode; }
  void set_authoritative() { flags_ |= wire::flag_aa; }
  void set_truncated() { flags_ |= wire::flag_tc; }
  bool is_truncated() const { return (flags_ & wire::flag_tc) != 0; }
  void set_error(ExtendedError error) { error_ = error; }
  void drop_sections() noexcept;

  std::size_t position() const { return writer_.position(); }
  const std::uint8_t* at(std::size_t offset) const { return writer_.at(offset); }
  wire::Bytes bytes() const { return {writer_.at(0), writer_.position()}; }

  // Adds OPT if the client sent one, and the header: complete.
  Outcome finish() noexcept;

  // The header only, for resume().
  Outcome leave(std::span<const std::uint8_t> target) noexcept;

 private:
  Reply(const wire::Query& query, const AnswerContext& context,
        std::span<std::uint8_t> out) noexcept;

  void put_soa(const SoaTemplate& soa, std::size_t origin, bool is_answer) noexcept;
  bool add_whole(const SetView& set, std::size_t owner, std::uint16_t& count) noexcept;
  void add_rotated(const SetView& set, std::size_t owner) noexcept;
  void add_opt() noexcept;
  void put_header() noexcept;
  std::size_t opt_room() const noexcept;

  const wire::Query& query_;
  const AnswerContext& context_;
  wire::Writer writer_;
  std::size_t limit_;  // with OPT
  std::uint16_t flags_ = 0;
  std::uint16_t answers_ = 0;
  std::uint16_t authorities_ = 0;
  std::uint16_t additionals_ = 0;
  Rcode rcode_ = Rcode::noerror;
  ExtendedError error_ = ExtendedError::none;
};

// Whether what is not in the zone does not exist.
inline bool is_all_known(const CompiledZone& zone, const AnswerContext& context) {
  return zone.content == Content::learnt ? context.is_ready : zone.content != Content::unknown;
}

// Whether what is in the zone may be no longer so.
inline bool is_out_of_date(const CompiledZone& zone, const AnswerContext& context) {
  return zone.content == Content::learnt ? context.is_stale : zone.content == Content::stale;
}

// Takes the query apart. What comes back is the outcome for a message that cannot be answered as a
// query: dropped, FORMERR or NOTIMP. Nothing comes back for a query.
std::optional<Outcome> answer_unreadable(wire::Bytes message, wire::Query& query,
                                         std::span<std::uint8_t> out) noexcept;

}  // namespace paddock::dns
