// SPDX-License-Identifier: Apache-2.0
//
// DNS messages for tests: queries as a client writes them, replies as another
// resolver would send them, and what came back, taken apart. Wants the internals
// of libdns (wire/message.hpp).
#pragma once

#include "wire/message.hpp"

#include <paddock/dns/record.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::dns::testing {

using Message = std::vector<std::uint8_t>;

inline Name name(std::string_view text) { return Name::parse(text).value(); }

inline void put16(Message& to, unsigned value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

struct QueryForm {
  std::uint16_t id = 0x1234;
  std::uint16_t flags = wire::flag_rd;
  int payload = 0;  // 0: no OPT
  bool dnssec_ok = false;
};

// `spelling` is used as it is, so that its case can be watched.
inline Message query(std::string_view spelling, Type type, QueryForm form = {}) {
  Message message;
  put16(message, form.id);
  put16(message, form.flags);
  for (const unsigned count : {1, 0, 0, form.payload != 0 ? 1 : 0}) {
    put16(message, count);
  }
  while (!spelling.empty()) {
    const auto dot = std::min(spelling.find('.'), spelling.size());
    message.push_back(static_cast<std::uint8_t>(dot));
    message.insert(message.end(), spelling.begin(), spelling.begin() + static_cast<long>(dot));
    spelling.remove_prefix(std::min(dot + 1, spelling.size()));
  }
  message.push_back(0);
  put16(message, static_cast<unsigned>(type));
  put16(message, wire::class_in);
  if (form.payload != 0) {
    message.push_back(0);
    put16(message, static_cast<unsigned>(Type::opt));
    put16(message, static_cast<unsigned>(form.payload));
    put16(message, 0);
    put16(message, form.dnssec_ok ? 0x8000 : 0);
    put16(message, 0);
  }
  return message;
}

struct ReplyForm {
  unsigned rcode = 0;
  std::vector<Record> answers{};
  std::vector<Record> authority{};
  unsigned flags = 0;       // besides QR, RA and what the query had
  int extended_error = -1;  // sent in an OPT
};

// The reply of a resolver to `asked`.
inline Message reply_to(const Message& asked, const ReplyForm& form) {
  wire::Query parsed;
  EXPECT_EQ(wire::parse_query(asked, parsed), wire::Verdict::ok);
  Message message(asked.begin(), asked.begin() + parsed.question_end);
  wire::store16(&message[2], static_cast<std::uint16_t>(wire::flag_qr | wire::flag_ra |
                                                        wire::flag_rd | form.flags | form.rcode));
  wire::store16(&message[6], static_cast<std::uint16_t>(form.answers.size()));
  wire::store16(&message[8], static_cast<std::uint16_t>(form.authority.size()));
  wire::store16(&message[10], form.extended_error >= 0 ? 1 : 0);
  for (const auto* section : {&form.answers, &form.authority}) {
    for (const Record& record : *section) {
      const auto owner = record.owner.wire();
      message.insert(message.end(), owner.begin(), owner.end());
      put16(message, static_cast<unsigned>(record.type));
      put16(message, wire::class_in);
      put16(message, static_cast<unsigned>(record.ttl.count() >> 16));
      put16(message, static_cast<unsigned>(record.ttl.count() & 0xffff));
      put16(message, static_cast<unsigned>(record.data.size()));
      message.insert(message.end(), record.data.begin(), record.data.end());
    }
  }
  if (form.extended_error >= 0) {
    message.push_back(0);
    for (const int value : {static_cast<int>(Type::opt), 1232, 0, 0, 6, 15, 2}) {
      put16(message, static_cast<unsigned>(value));
    }
    put16(message, static_cast<unsigned>(form.extended_error));
  }
  return message;
}

inline Record a(std::string_view owner, std::string_view address, int ttl = 300) {
  return address_record(name(owner), boost::asio::ip::make_address(address),
                        std::chrono::seconds(ttl));
}

// A SOA with the TTL and the minimum given, for negative answers.
inline Record soa(std::string_view owner, int ttl, int minimum) {
  Record record{
      .owner = name(owner), .type = Type::soa, .ttl = std::chrono::seconds(ttl), .data = {}};
  record.data.assign(2 + 4 * 4, '\0');
  for (const int shift : {24, 16, 8, 0}) {
    record.data.push_back(static_cast<char>(minimum >> shift));
  }
  return record;
}

struct SeenRecord {
  std::string owner;
  Type type{0};
  std::uint32_t ttl = 0;
  std::string data;
};

// A reply taken apart. Fails the test when it is malformed.
struct Seen {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::string spelling;  // of the question's name, in wire form
  std::vector<SeenRecord> answers;
  std::vector<SeenRecord> authority;
  bool has_opt = false;
  int extended_error = -1;

  [[nodiscard]] unsigned rcode() const { return flags & 0xFU; }
  [[nodiscard]] bool has(unsigned flag) const { return (flags & flag) != 0; }
  [[nodiscard]] std::vector<std::string> addresses() const {
    std::vector<std::string> found;
    for (const auto& record : answers) {
      if (record.type == Type::a && record.data.size() == 4) {
        boost::asio::ip::address_v4::bytes_type bytes;
        std::copy(record.data.begin(), record.data.end(), bytes.begin());
        found.push_back(boost::asio::ip::address_v4(bytes).to_string());
      }
    }
    std::ranges::sort(found);
    return found;
  }
};

inline Seen take_apart(const Message& message) {
  Seen seen;
  if (message.size() < wire::header_size) {
    ADD_FAILURE() << "no DNS message: " << message.size() << " octets";
    return seen;
  }
  seen.id = wire::load16(&message[0]);
  seen.flags = wire::load16(&message[2]);
  std::size_t at = wire::header_size;
  if (wire::load16(&message[4]) == 1 && wire::skip_name(message, at)) {
    seen.spelling.assign(message.begin() + wire::header_size,
                         message.begin() + static_cast<long>(at));
    at += 4;
  }
  for (std::size_t section = 0; section < 3; ++section) {
    for (unsigned left = wire::load16(&message[6 + 2 * section]); left > 0; --left) {
      std::size_t owner_at = at;
      std::array<std::uint8_t, 255> owner;
      const auto owner_size = wire::read_name(message, owner_at, owner);
      const auto record = wire::read_record(message, at);
      if (!record || !owner_size) {
        ADD_FAILURE() << "malformed record in section " << section;
        return seen;
      }
      const std::string data(message.begin() + static_cast<long>(record->data),
                             message.begin() + static_cast<long>(record->end));
      if (record->type == static_cast<unsigned>(Type::opt)) {
        seen.has_opt = true;
        for (std::size_t option = record->data; option + 6 <= record->end;
             option += 4U + wire::load16(&message[option + 2])) {
          if (wire::load16(&message[option]) == 15) {
            seen.extended_error = wire::load16(&message[option + 4]);
          }
        }
        continue;
      }
      const SeenRecord found{
          .owner = Name::from_wire(std::span(owner).first(*owner_size)).value().format(),
          .type = Type{record->type},
          .ttl = record->ttl,
          .data = data};
      (section == 0 ? seen.answers : seen.authority).push_back(found);
    }
  }
  EXPECT_EQ(at, message.size()) << "octets behind the last record";
  return seen;
}

}  // namespace paddock::dns::testing
