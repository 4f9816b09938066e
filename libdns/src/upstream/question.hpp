// SPDX-License-Identifier: Apache-2.0
//
// Question: what is asked of other resolvers, as the key under which its answer
// is kept and shared between clients. Small and fixed in size, so that looking
// something up allocates nothing.
#pragma once

#include "wire/message.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace paddock::dns::upstream {

// Bits of a query that make its answer a different one.
struct QueryBits {
  bool dnssec_ok = false;
  bool checking_disabled = false;
};

class Question {
 public:
  // `name` is a whole name in wire form, at most 255 octets; its case does not matter. `group` is
  // who is asked, by the id of its plan.
  Question(std::span<const std::uint8_t> name, std::uint16_t type, std::uint16_t klass,
           QueryBits bits, std::uint32_t group = 0);

  void set_group(std::uint32_t group);
  [[nodiscard]] std::uint32_t group() const { return wire::load32(&bytes_[size_ + 1U]); }

  // Name in lower case, type, class, bits and group: equal for questions that share an answer.
  [[nodiscard]] std::string_view key() const {
    return {reinterpret_cast<const char*>(bytes_.data()), size_ + 5U};
  }

  // Name, type and class as they stand in a message, the name in lower case.
  [[nodiscard]] std::span<const std::uint8_t> wire() const { return {bytes_.data(), size_}; }

  [[nodiscard]] QueryBits bits() const {
    return {(bytes_[size_] & 1) != 0, (bytes_[size_] & 2) != 0};
  }

 private:
  std::array<std::uint8_t, 255 + 4 + 1 + 4> bytes_;
  std::uint16_t size_;
};

// Which letters of a name are sent in upper case: letter i where bit i % 64 is set.
using Spelling = std::uint64_t;

// The query for another resolver: the question under our own id, RD and AD set, CD and DO as the
// client's, and an OPT of ours as the last 11 octets (which is where c-ares cuts it off for a
// resolver without EDNS). Nothing else of the client's query goes out: no ECS, no cookies.
[[nodiscard]] std::vector<std::uint8_t> build_query(const Question& question, std::uint16_t id,
                                                    Spelling spelling = 0);

// Whether a message that has the question has it in this spelling too.
[[nodiscard]] bool is_spelt(wire::Bytes message, const Question& question, Spelling spelling);

// Payload told to other resolvers (DNS flag day 2020, RFC 9715).
inline constexpr std::uint16_t payload_limit = 1232;

}  // namespace paddock::dns::upstream
