// SPDX-License-Identifier: Apache-2.0
//
// An entry: one name that exists and its record sets, packed into bytes.
//
//   EntryHeader, the name in wire form, then the sets: SetHeader and body each.
//
// A body is the answer section of a reply, ready to copy: each record's owner is a pointer to the
// question (0xC00C), followed by type, class, TTL, length and data. Sets that queries may see come
// first. Behind them are the ones kept for the builder: statements (`existence`,
// `dashed_addresses`, `same_as`), fallbacks that something better hides, and the parts a joined set
// was made of. A name without sets is an empty non-terminal.
#pragma once

#include <paddock/dns/record.hpp>

#include <cstdint>
#include <cstring>
#include <span>

namespace paddock::dns {

struct EntryHeader {
  std::uint16_t set_count = 0;
  std::uint16_t visible_count = 0;
  std::uint16_t zone = 0;
  std::uint8_t name_length = 0;
  std::uint8_t unused = 0;
};
static_assert(sizeof(EntryHeader) == 8);

struct SetHeader {
  static constexpr std::uint32_t max_size = (1u << 24) - 1;
  static constexpr std::uint32_t fallback = 1u << 24;  // Precedence::fallback
  static constexpr std::uint32_t joined = 1u << 25;    // made of other sets of this entry

  std::uint16_t type = 0;
  std::uint16_t count = 0;
  std::uint32_t source = 0;  // who contributed it; 0 for a joined set
  std::uint32_t size_and_flags = 0;

  std::uint32_t size() const { return size_and_flags & max_size; }
  bool has(std::uint32_t flag) const { return (size_and_flags & flag) != 0; }
};
static_assert(sizeof(SetHeader) == 12);

// Octets of a record in a body before its data: owner pointer, type, class, TTL, length.
inline constexpr std::size_t record_prefix = 12;

struct SetView {
  SetHeader header;
  const std::uint8_t* body = nullptr;

  Type type() const { return Type{header.type}; }
  const std::uint8_t* end() const { return body + header.size(); }
};

// Reads an entry where it lies.
class EntryView {
 public:
  EntryView() = default;
  explicit EntryView(const std::uint8_t* data) : data_(data) {
    std::memcpy(&header_, data, sizeof header_);
  }

  explicit operator bool() const { return data_ != nullptr; }
  const EntryHeader& header() const { return header_; }
  std::span<const std::uint8_t> name() const {
    return {data_ + sizeof(EntryHeader), header_.name_length};
  }
  const std::uint8_t* data() const { return data_; }

  // Where the first set begins; read_set() moves on to the next.
  const std::uint8_t* sets() const { return data_ + sizeof(EntryHeader) + header_.name_length; }
  static SetView read_set(const std::uint8_t*& at) {
    SetView set;
    std::memcpy(&set.header, at, sizeof set.header);
    set.body = at + sizeof set.header;
    at = set.end();
    return set;
  }

  std::size_t size() const {
    const std::uint8_t* at = sets();
    for (unsigned i = 0; i < header_.set_count; ++i) read_set(at);
    return static_cast<std::size_t>(at - data_);
  }

 private:
  const std::uint8_t* data_ = nullptr;
  EntryHeader header_;
};

}  // namespace paddock::dns
