// SPDX-License-Identifier: Apache-2.0
#include "wire/message.hpp"

#include <algorithm>

namespace paddock::dns::wire {
namespace {

// The lower-case question name in `query`, with nothing else set. False when it is malformed.
bool parse_name(Bytes message, std::size_t& offset, Query& query) noexcept {
  const std::size_t start = offset;
  std::uint8_t labels = 0;
  for (;;) {
    if (offset >= message.size()) return false;
    const std::uint8_t length = message[offset];
    if (length == 0) break;
    // Before the question there is only the header, so that a pointer can lead nowhere sensible.
    if (length > Name::max_label) return false;
    offset += std::size_t{1} + length;
    if (offset - start >= Name::max_length) return false;
    ++labels;
  }
  ++offset;
  const std::size_t size = offset - start;
  std::memcpy(query.name.data(), message.data() + start, size);
  std::memset(query.name.data() + size, 0, 8);
  lower(query.name.data(), size);
  query.name_length = static_cast<std::uint8_t>(size);
  query.label_count = labels;
  return true;
}

bool parse_options(Bytes options, Edns& edns) noexcept {
  while (!options.empty()) {
    if (options.size() < 4) return false;
    const Option code{load16(options.data())};
    const std::size_t size = load16(options.data() + 2);
    if (options.size() < 4 + size) return false;
    switch (code) {
      case Option::nsid:
        edns.asks_nsid = true;
        break;
      case Option::keepalive:
        edns.asks_keepalive = true;
        break;
      case Option::cookie:  // RFC 7873 section 5.2.2
        if (size != 8 && (size < 16 || size > 40)) return false;
        if (edns.cookie.empty()) edns.cookie = options.subspan(4, size);
        break;
      default:
        break;
    }
    options = options.subspan(4 + size);
  }
  return true;
}

bool parse_opt(Bytes message, const RecordView& record, Edns& edns) noexcept {
  if (edns.is_present || message[record.owner] != 0) return false;
  edns.is_present = true;
  edns.payload = record.klass;
  edns.version = static_cast<std::uint8_t>(record.ttl >> 16);
  edns.dnssec_ok = (record.ttl & 0x8000) != 0;
  return parse_options(message.subspan(record.data, record.data_size), edns);
}

// Reads everything behind the question, of which only OPT matters.
bool parse_records(Bytes message, std::size_t offset, Edns& edns) noexcept {
  const unsigned before = load16(message.data() + 6) + load16(message.data() + 8);
  const unsigned all = before + load16(message.data() + 10);
  for (unsigned i = 0; i < all; ++i) {
    const auto record = read_record(message, offset);
    if (!record) return false;
    if (record->type != static_cast<std::uint16_t>(Type::opt)) continue;
    if (i < before || !parse_opt(message, *record, edns)) return false;
  }
  return offset == message.size();
}

// Without a question only a cookie can be asked for.
Verdict parse_cookie_query(Bytes message, Query& query) noexcept {
  query.type = query.klass = 0;
  query.name.fill(0);
  query.name_length = 1;
  query.label_count = 0;
  const bool is_readable = query.opcode() == opcode_query &&
                           parse_records(message, header_size, query.edns) &&
                           !query.edns.cookie.empty();
  if (is_readable) query.question_end = header_size;
  return is_readable ? Verdict::ok : Verdict::formerr;
}

bool is_known(std::uint16_t opcode) {
  return opcode == opcode_query || opcode == opcode_notify || opcode == opcode_update;
}

}  // namespace

Verdict parse_query(Bytes message, Query& query) noexcept {
  query.question_end = 0;
  query.edns = {};
  if (message.size() < 4) return Verdict::drop;
  query.id = load16(message.data());
  query.flags = load16(message.data() + 2);
  if (query.wants(flag_qr)) return Verdict::drop;
  if (!is_known(query.opcode())) return Verdict::notimp;
  if (message.size() < header_size) return Verdict::formerr;
  const unsigned questions = load16(message.data() + 4);
  if (questions == 0) return parse_cookie_query(message, query);
  if (questions != 1) return Verdict::formerr;
  std::size_t offset = header_size;
  if (!parse_name(message, offset, query) || message.size() - offset < 4) return Verdict::formerr;
  query.type = load16(message.data() + offset);
  query.klass = load16(message.data() + offset + 2);
  offset += 4;
  query.question_end = static_cast<std::uint16_t>(offset);
  if (!parse_records(message, offset, query.edns)) {
    query.edns.cookie = {};
    return Verdict::formerr;
  }
  return Verdict::ok;
}

void lower(std::uint8_t* bytes, std::size_t size) noexcept {
  // Written so that compilers turn it into vector code.
  for (std::size_t i = 0; i < size; ++i) {
    const auto from_a = static_cast<std::uint8_t>(bytes[i] - 'A');
    bytes[i] = static_cast<std::uint8_t>(bytes[i] | (from_a < 26 ? 0x20 : 0));
  }
}

std::optional<std::size_t> read_name(Bytes message, std::size_t& offset,
                                     std::array<std::uint8_t, 255>& out) noexcept {
  std::size_t at = offset;
  std::size_t lowest = at;  // each pointer must lead below the one before: no loops
  std::size_t size = 0;
  bool has_jumped = false;
  for (;;) {
    if (at >= message.size()) return std::nullopt;
    const std::uint8_t length = message[at];
    if ((length & 0xC0) == 0xC0) {
      if (at + 1 >= message.size()) return std::nullopt;
      if (!has_jumped) offset = at + 2;
      has_jumped = true;
      at = load16(message.data() + at) & 0x3FFF;
      if (at >= lowest) return std::nullopt;
      lowest = at;
      continue;
    }
    if (length > Name::max_label || at + 1 + length > message.size() ||
        size + 1 + length > out.size()) {
      return std::nullopt;
    }
    std::memcpy(out.data() + size, message.data() + at, std::size_t{1} + length);
    size += std::size_t{1} + length;
    at += std::size_t{1} + length;
    if (length == 0) break;
  }
  if (!has_jumped) offset = at;
  return size;
}

bool skip_name(Bytes message, std::size_t& offset) noexcept {
  for (;;) {
    if (offset >= message.size()) return false;
    const std::uint8_t length = message[offset];
    if ((length & 0xC0) == 0xC0) {
      offset += 2;
      return offset <= message.size();
    }
    if (length > Name::max_label) return false;
    offset += std::size_t{1} + length;
    if (length == 0) return true;
  }
}

std::optional<RecordView> read_record(Bytes message, std::size_t& offset) noexcept {
  RecordView record;
  record.owner = offset;
  if (!skip_name(message, offset) || message.size() - offset < 10) return std::nullopt;
  const std::uint8_t* fixed = message.data() + offset;
  record.type = load16(fixed);
  record.klass = load16(fixed + 2);
  record.ttl_offset = offset + 4;
  record.ttl = load32(fixed + 4);
  record.data_size = load16(fixed + 8);
  record.data = offset + 10;
  if (message.size() - record.data < record.data_size) return std::nullopt;
  record.end = offset = record.data + record.data_size;
  return record;
}

bool is_within(Bytes name, Bytes ancestor) noexcept {
  while (name.size() > ancestor.size()) name = name.subspan(std::size_t{1} + name[0]);
  return std::ranges::equal(name, ancestor);
}

}  // namespace paddock::dns::wire
