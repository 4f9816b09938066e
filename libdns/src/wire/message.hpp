// SPDX-License-Identifier: Apache-2.0
//
// DNS messages as bytes: a query taken apart (header, question, OPT), a bounded reader of any
// message's records, and a bounded writer. Nothing here allocates or throws; every read is checked
// against the end of the message. RFC 1035 section 4, RFC 6891, RFC 9619.
#pragma once

#include <paddock/dns/record.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace paddock::dns::wire {

using Bytes = std::span<const std::uint8_t>;

inline constexpr std::size_t header_size = 12;
inline constexpr std::uint16_t flag_qr = 0x8000;
inline constexpr std::uint16_t opcode_mask = 0x7800;
inline constexpr std::uint16_t opcode_query = 0;
inline constexpr std::uint16_t opcode_notify = 4 << 11;
inline constexpr std::uint16_t opcode_update = 5 << 11;
inline constexpr std::uint16_t flag_aa = 0x0400;
inline constexpr std::uint16_t flag_tc = 0x0200;
inline constexpr std::uint16_t flag_rd = 0x0100;
inline constexpr std::uint16_t flag_ra = 0x0080;
inline constexpr std::uint16_t flag_ad = 0x0020;
inline constexpr std::uint16_t flag_cd = 0x0010;
inline constexpr std::uint16_t class_in = 1;
inline constexpr std::uint16_t class_ch = 3;

enum class Option : std::uint16_t { nsid = 3, cookie = 10, keepalive = 11, extended_error = 15 };

inline std::uint16_t load16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
}
inline std::uint32_t load32(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(load16(p)) << 16 | load16(p + 2);
}
inline void store16(std::uint8_t* p, std::uint16_t v) {
  p[0] = static_cast<std::uint8_t>(v >> 8);
  p[1] = static_cast<std::uint8_t>(v);
}
inline void store32(std::uint8_t* p, std::uint32_t v) {
  store16(p, static_cast<std::uint16_t>(v >> 16));
  store16(p + 2, static_cast<std::uint16_t>(v));
}

// What a client said in its OPT record. Options are borrowed from the query.
struct Edns {
  bool is_present = false;
  bool dnssec_ok = false;
  bool asks_nsid = false;
  bool asks_keepalive = false;
  std::uint8_t version = 0;
  std::uint16_t payload = 0;
  Bytes cookie;  // empty: none sent; otherwise 8 or 16 to 40 octets
};

// A query with one question; or NOTIFY or UPDATE, whose one question is the zone; or one without a
// question, for a cookie only (RFC 7873 section 5.4): its name is the root, its type and class are
// 0.
struct Query {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;  // the second header word, as sent
  std::uint16_t type = 0;
  std::uint16_t klass = 0;
  std::uint16_t question_end = 0;  // offset behind the question; it starts at header_size
  std::uint8_t name_length = 0;    // octets of `name`, root label included
  std::uint8_t label_count = 0;    // without the root
  Edns edns;
  std::array<std::uint8_t, 264> name;  // lower case, zero behind its end up to a multiple of 8

  Type qtype() const { return Type{type}; }
  Bytes qname() const { return {name.data(), name_length}; }
  std::uint16_t opcode() const { return flags & opcode_mask; }
  bool has_question() const { return question_end > header_size; }
  bool wants(std::uint16_t flag) const { return (flags & flag) != 0; }
};

enum class Verdict : std::uint8_t {
  ok,       // all of Query is set
  drop,     // a response, or too short for an ID and flags
  formerr,  // id and flags are set; question_end is, if the question could be read (else 0)
  notimp,   // an opcode other than QUERY, NOTIFY and UPDATE: id and flags are set
};

// Takes a query apart. Exactly one question, uncompressed, or a cookie in its place; at most one
// OPT, owned by the root, in the additional section; all counted records present and nothing behind
// them.
Verdict parse_query(Bytes message, Query& query) noexcept;

// Lower-case ASCII in place; safe on wire names, as length octets are below 'A'.
void lower(std::uint8_t* bytes, std::size_t size) noexcept;

// Copies the possibly compressed name at `offset` into `out`, uncompressed, in its own case.
// Pointers must point backwards. Returns the name's length and sets `offset` behind it; nothing if
// it is malformed or passes 255 octets.
std::optional<std::size_t> read_name(Bytes message, std::size_t& offset,
                                     std::array<std::uint8_t, 255>& out) noexcept;

// One record in a message, as offsets into it.
struct RecordView {
  std::size_t owner = 0;
  std::uint16_t type = 0;
  std::uint16_t klass = 0;
  std::uint32_t ttl = 0;
  std::size_t ttl_offset = 0;
  std::size_t data = 0;
  std::uint16_t data_size = 0;
  std::size_t end = 0;
};

// Reads the record at `offset` and moves it behind; nothing if it is malformed.
std::optional<RecordView> read_record(Bytes message, std::size_t& offset) noexcept;

// Moves `offset` behind a name without following pointers; false if it runs out of the message.
bool skip_name(Bytes message, std::size_t& offset) noexcept;

// Whether `name` is `ancestor` or below it; both in wire form, spelt alike.
bool is_within(Bytes name, Bytes ancestor) noexcept;

// Fills a buffer from the front, never past `limit`. Calls that do not fit write nothing and
// return false.
class Writer {
 public:
  Writer(std::span<std::uint8_t> buffer, std::size_t limit, std::size_t position = 0)
      : data_(buffer.data()),
        limit_(limit < buffer.size() ? limit : buffer.size()),
        position_(position) {}

  std::size_t position() const { return position_; }
  std::size_t room() const { return limit_ - position_; }
  std::uint8_t* at(std::size_t offset) const { return data_ + offset; }
  void set_limit(std::size_t limit) { limit_ = limit; }
  void rewind(std::size_t position) { position_ = position; }

  bool u8(std::uint8_t v) {
    if (room() < 1) return false;
    data_[position_++] = v;
    return true;
  }
  bool u16(std::uint16_t v) {
    if (room() < 2) return false;
    store16(data_ + position_, v);
    position_ += 2;
    return true;
  }
  bool u32(std::uint32_t v) {
    if (room() < 4) return false;
    store32(data_ + position_, v);
    position_ += 4;
    return true;
  }
  bool bytes(const void* from, std::size_t size) {
    if (room() < size) return false;
    std::memcpy(data_ + position_, from, size);
    position_ += size;
    return true;
  }

 private:
  std::uint8_t* data_;
  std::size_t limit_;
  std::size_t position_;
};

}  // namespace paddock::dns::wire
