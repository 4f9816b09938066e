// SPDX-License-Identifier: Apache-2.0
#include "codec/utf8.hpp"

namespace paddock::metadata {

std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto is_tail = [&byte](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return is_tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool is_overlong = lead == 0xe0 && byte(1) < 0xa0;
    const bool is_surrogate = lead == 0xed && byte(1) > 0x9f;
    return is_tail(1) && is_tail(2) && !is_overlong && !is_surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool is_outside = (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f);
    return is_tail(1) && is_tail(2) && is_tail(3) && !is_outside ? 4 : 0;
  }
  return 0;
}

std::size_t find_not_utf8(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return at;
}

char* write_utf8(char* to, unsigned code) noexcept {
  const auto append = [&to](unsigned byte) { *to++ = static_cast<char>(byte); };
  const auto append_tail = [&](unsigned shift) { append(0x80U | (code >> shift & 0x3fU)); };
  if (code < 0x80) {
    append(code);
  } else if (code < 0x800) {
    append(0xc0U | code >> 6U);
    append_tail(0);
  } else if (code < 0x10000) {
    append(0xe0U | code >> 12U);
    append_tail(6);
    append_tail(0);
  } else {
    append(0xf0U | code >> 18U);
    append_tail(12);
    append_tail(6);
    append_tail(0);
  }
  return to;
}

}  // namespace paddock::metadata
