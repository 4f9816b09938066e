// SPDX-License-Identifier: Apache-2.0
#include "upstream/known_answer.hpp"

#include "wire/opt.hpp"

#include <algorithm>
#include <cstring>

namespace paddock::dns::upstream {
namespace {

constexpr std::uint32_t stale_ttl = 30;  // RFC 8767, 5.11

// The name, type and class asked are the ones answered, whatever the case.
bool matches(wire::Bytes message, const Question& question) {
  const auto asked = question.wire();
  if (message.size() < wire::header_size + asked.size() || wire::load16(&message[4]) != 1) {
    return false;
  }
  const auto names = asked.size() - 4;
  const auto* at = &message[wire::header_size];
  return std::equal(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(names), at,
                    [](std::uint8_t a, std::uint8_t b) {
                      return a == (b >= 'A' && b <= 'Z' ? b | 0x20 : b);
                    }) &&
         std::memcmp(&asked[names], at + names, 4) == 0;
}

constexpr std::uint32_t valid_ttl(std::uint32_t seconds) {
  return seconds > 0x7fffffff ? 0 : seconds;  // RFC 2181, 8
}

// The smallest TTL seen so far.
void lower_ttl(KnownAnswer& answer, std::uint32_t seconds) {
  const std::chrono::seconds ttl{valid_ttl(seconds)};
  answer.ttl = answer.ttl ? std::min(*answer.ttl, ttl) : ttl;
}

void read_opt(wire::Bytes message, const wire::RecordView& opt, KnownAnswer& answer) {
  answer.rcode = static_cast<std::uint16_t>(answer.rcode | (opt.ttl >> 24) << 4);
  for (std::size_t at = opt.data; at + 4 <= opt.end;) {
    const auto size = wire::load16(&message[at + 2]);
    if (wire::load16(&message[at]) == static_cast<std::uint16_t>(wire::Option::extended_error) &&
        size >= 2 && at + 6 <= opt.end) {
      answer.error = ExtendedError{wire::load16(&message[at + 4])};
    }
    at += 4U + size;
  }
}

// RFC 2308, 5: the minimum is the last field of the SOA.
void read_soa(wire::Bytes message, const wire::RecordView& soa, KnownAnswer& answer) {
  if (soa.data_size >= 22) {
    lower_ttl(answer, wire::load32(&message[soa.end - 4]));
  }
  answer.is_negative = true;
}

enum class Section { answer, authority, additional };

// Reads one section from `at` on. An OPT ends the message as it is kept: what stands behind it
// could only be optional records or a signature that is no longer right.
bool read_section(wire::Bytes message, Section section, std::size_t& at, KnownAnswer& answer) {
  const auto count_at = 6 + 2 * static_cast<std::size_t>(section);
  const unsigned count = wire::load16(&message[count_at]);
  for (unsigned done = 0; done < count; ++done) {
    const auto begin = at;
    const auto record = wire::read_record(message, at);
    std::array<std::uint8_t, 255> owner;
    auto name_at = begin;
    if (!record || !wire::read_name(message, name_at, owner)) {
      return false;
    }
    if (record->type == static_cast<std::uint16_t>(Type::opt)) {
      read_opt(message, *record, answer);
      answer.message.resize(begin);
      wire::store16(&answer.message[count_at], static_cast<std::uint16_t>(done));
      return section == Section::additional;
    }
    answer.ttl_offsets.push_back(static_cast<std::uint16_t>(record->ttl_offset));
    wire::store32(&answer.message[record->ttl_offset], valid_ttl(record->ttl));
    lower_ttl(answer, record->ttl);
    if (section == Section::authority && record->type == static_cast<std::uint16_t>(Type::soa)) {
      read_soa(message, *record, answer);
    }
  }
  return true;
}

std::size_t reply_limit(const wire::Query& query, const AnswerContext& context, std::size_t room) {
  if (context.transport == dns::Transport::tcp) {
    return std::min<std::size_t>(room, 65535);
  }
  const std::size_t asked =
      query.edns.is_present ? std::max<std::size_t>(query.edns.payload, 512) : 512;
  return std::min({asked, std::size_t{context.udp_limit}, room});
}

// The OPT of a reply as it will stand at its end.
std::size_t write_opt(const wire::Query& query, const AnswerContext& context,
                      const AnswerView& answer, const Presentation& presentation,
                      std::span<std::uint8_t> out) {
  wire::Writer opt(out, out.size());
  wire::write_opt(opt, query, context, answer.rcode,
                  presentation.is_stale ? ExtendedError::stale_answer : answer.error);
  return opt.position();
}

unsigned reply_flags(const wire::Query& query, const AnswerView& answer) {
  unsigned flags = wire::flag_qr | wire::flag_ra | (answer.rcode & 0xF);
  flags |= query.flags & (wire::flag_rd | wire::flag_cd);
  if (query.wants(wire::flag_ad) || query.edns.dnssec_ok) {
    flags |= wire::load16(&answer.message[2]) & wire::flag_ad;
  }
  return flags;
}

}  // namespace

std::optional<KnownAnswer> parse_response(wire::Bytes message, const Question& question) {
  if (!matches(message, question) || message.size() > 65535) {
    return std::nullopt;
  }
  const auto flags = wire::load16(&message[2]);
  if ((flags & wire::flag_qr) == 0 || (flags & wire::opcode_mask) != 0 ||
      (flags & wire::flag_tc) != 0) {
    return std::nullopt;
  }
  KnownAnswer answer;
  answer.rcode = flags & 0xF;
  answer.message.assign(message.begin(), message.end());
  std::ranges::copy(question.wire(), answer.message.begin() + wire::header_size);  // lower case
  std::size_t at = wire::header_size + question.wire().size();
  if (!read_section(message, Section::answer, at, answer) ||
      !read_section(message, Section::authority, at, answer)) {
    return std::nullopt;
  }
  answer.additional = at;
  if (!read_section(message, Section::additional, at, answer)) {
    return std::nullopt;
  }
  answer.message.resize(std::min(answer.message.size(), at));

  const bool exists = answer.rcode == static_cast<std::uint16_t>(Rcode::noerror);
  const bool is_missing = answer.rcode == static_cast<std::uint16_t>(Rcode::nxdomain);
  const bool is_empty = wire::load16(&message[6]) == 0;
  if ((!exists && !is_missing) || ((is_missing || is_empty) && !answer.is_negative)) {
    answer.ttl.reset();
  }
  answer.is_negative = is_missing || (exists && answer.is_negative && is_empty);
  return answer;
}

void cap_ttls(KnownAnswer& answer, std::chrono::seconds largest) {
  const auto cap = static_cast<std::uint32_t>(largest.count());
  for (const auto offset : answer.ttl_offsets) {
    auto* ttl = &answer.message[offset];
    wire::store32(ttl, std::min(wire::load32(ttl), cap));
  }
  if (answer.ttl) answer.ttl = std::min(*answer.ttl, largest);
}

void render(const AnswerView& answer, const Presentation& presentation, std::uint8_t* out) {
  std::memcpy(out, answer.message.data(), answer.message.size());
  const auto age =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(presentation.age.count(), 0, 0x7fffffff));
  for (const auto offset : answer.ttl_offsets) {
    const auto ttl = wire::load32(out + offset);
    wire::store32(out + offset, presentation.is_stale ? stale_ttl : ttl > age ? ttl - age : 0);
  }
}

std::size_t compose_reply(const wire::Query& query, wire::Bytes raw, const AnswerContext& context,
                          const AnswerView& answer, const Presentation& presentation,
                          std::span<std::uint8_t> out) {
  std::array<std::uint8_t, wire::max_opt_size> opt;
  const std::size_t opt_size =
      query.edns.is_present ? write_opt(query, context, answer, presentation, opt) : 0;
  const auto limit = reply_limit(query, context, out.size());
  const std::size_t question_end = query.question_end;
  auto flags = reply_flags(query, answer);

  std::size_t size = answer.message.size();
  if (size + opt_size <= limit) {
    render(answer, presentation, out.data());
  } else if (answer.additional + opt_size <= limit) {
    AnswerView shorter = answer;
    size = answer.additional;
    shorter.message = shorter.message.first(size);
    const auto behind = std::ranges::lower_bound(shorter.ttl_offsets, size);
    shorter.ttl_offsets = {shorter.ttl_offsets.begin(), behind};
    render(shorter, presentation, out.data());
    wire::store16(&out[10], 0);
  } else {
    size = question_end;
    std::memset(out.data(), 0, wire::header_size);
    flags |= wire::flag_tc;
  }
  wire::store16(&out[0], query.id);
  wire::store16(&out[2], static_cast<std::uint16_t>(flags));
  wire::store16(&out[4], 1);
  std::memcpy(&out[wire::header_size], &raw[wire::header_size], question_end - wire::header_size);
  if (opt_size != 0) {
    std::memcpy(&out[size], opt.data(), opt_size);
    wire::store16(&out[10], static_cast<std::uint16_t>(wire::load16(&out[10]) + 1));
  }
  return size + opt_size;
}

}  // namespace paddock::dns::upstream
