// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/wireguard.hpp>

namespace paddock::net {
namespace {

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t key_text_size = 44;  // the last of them is padding

}  // namespace

std::optional<WireguardKey> WireguardKey::parse(std::string_view text) {
  if (text.size() != key_text_size || text.back() != '=') {
    return std::nullopt;
  }
  WireguardKey key;
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t done = 0;
  for (const char letter : text.substr(0, key_text_size - 1)) {
    const auto digit = base64_digits.find(letter);
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      key.octets[done++] = static_cast<std::uint8_t>(bits >> held);
    }
  }
  // Two bits are left over; another text must not be the same key.
  const bool is_canonical = (bits & ((1U << held) - 1)) == 0;
  return is_canonical ? std::optional(key) : std::nullopt;
}

std::string WireguardKey::to_string() const {
  std::string text;
  text.reserve(key_text_size);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const std::uint8_t octet : octets) {
    bits = bits << 8U | octet;
    held += 8;
    while (held >= 6) {
      held -= 6;
      text += base64_digits[bits >> held & 63U];
    }
  }
  text += base64_digits[bits << (6 - held) & 63U];
  return text + '=';
}

}  // namespace paddock::net
