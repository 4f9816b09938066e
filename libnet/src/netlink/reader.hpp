// SPDX-License-Identifier: Apache-2.0
//
// Takes netlink messages and attributes apart. Every length is checked against the bytes that are
// there: what does not fit ends the walk, it is never read.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

namespace paddock::net::netlink {

using Bytes = std::span<const std::uint8_t>;

struct Message {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  Bytes payload;
};

struct Attribute {
  std::uint16_t type = 0;  // without the nested and byte-order bits
  Bytes payload;
};

// Takes the first message, or attribute, off bytes. Absent at the end, or when the rest is damaged.
std::optional<Message> next_message(Bytes& bytes);
std::optional<Attribute> next_attribute(Bytes& bytes);

// A fixed-size value from the start of bytes; absent when they are too few.
template <class Value>
std::optional<Value> read(Bytes bytes) {
  static_assert(std::is_trivially_copyable_v<Value>);
  if (bytes.size() < sizeof(Value)) {
    return std::nullopt;
  }
  Value value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// Takes the fixed header of a message off its payload, with the padding before the attributes.
template <class Header>
std::optional<Header> take_header(Bytes& payload) {
  const auto header = read<Header>(payload);
  const std::size_t padded = (sizeof(Header) + 3U) & ~std::size_t{3};
  payload = payload.subspan(payload.size() < padded ? payload.size() : padded);
  return header;
}

// Text up to the first zero byte or the end.
std::string text(Bytes bytes);

}  // namespace paddock::net::netlink
