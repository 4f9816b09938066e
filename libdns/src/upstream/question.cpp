// SPDX-License-Identifier: Apache-2.0
#include "upstream/question.hpp"

#include <algorithm>

namespace paddock::dns::upstream {
namespace {

std::uint8_t spell(std::uint8_t letter, std::size_t at, Spelling spelling) {
  const bool is_upper = letter >= 'a' && letter <= 'z' && (spelling >> at % 64 & 1) != 0;
  return static_cast<std::uint8_t>(is_upper ? letter & ~0x20 : letter);
}

}  // namespace

Question::Question(std::span<const std::uint8_t> name, std::uint16_t type, std::uint16_t klass,
                   QueryBits bits, std::uint32_t group)
    : size_(static_cast<std::uint16_t>(name.size() + 4)) {
  std::ranges::transform(name, bytes_.begin(), [](std::uint8_t c) {
    return static_cast<std::uint8_t>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  });
  wire::store16(&bytes_[name.size()], type);
  wire::store16(&bytes_[name.size() + 2], klass);
  bytes_[size_] =
      static_cast<std::uint8_t>((bits.dnssec_ok ? 1 : 0) | (bits.checking_disabled ? 2 : 0));
  set_group(group);
}

void Question::set_group(std::uint32_t group) { wire::store32(&bytes_[size_ + 1U], group); }

bool is_spelt(wire::Bytes message, const Question& question, Spelling spelling) {
  const auto asked = question.wire();
  for (std::size_t i = 0; i + 4 < asked.size(); ++i) {
    if (message[wire::header_size + i] != spell(asked[i], i, spelling)) {
      return false;
    }
  }
  return true;
}

std::vector<std::uint8_t> build_query(const Question& question, std::uint16_t id,
                                      Spelling spelling) {
  constexpr std::size_t opt_size = 11;
  const auto asked = question.wire();
  std::vector<std::uint8_t> query(wire::header_size + asked.size() + opt_size);
  unsigned flags = wire::flag_rd | wire::flag_ad;
  if (question.bits().checking_disabled) {
    flags |= wire::flag_cd;
  }
  wire::store16(&query[0], id);
  wire::store16(&query[2], static_cast<std::uint16_t>(flags));
  wire::store16(&query[4], 1);   // QDCOUNT
  wire::store16(&query[10], 1);  // ARCOUNT
  std::ranges::copy(asked, &query[wire::header_size]);
  for (std::size_t i = 0; i + 4 < asked.size(); ++i) {
    query[wire::header_size + i] = spell(asked[i], i, spelling);
  }

  std::uint8_t* opt = &query[wire::header_size + asked.size()];
  wire::store16(opt + 1, static_cast<std::uint16_t>(Type::opt));
  wire::store16(opt + 3, payload_limit);
  wire::store16(opt + 7, question.bits().dnssec_ok ? 0x8000 : 0);
  return query;
}

}  // namespace paddock::dns::upstream
