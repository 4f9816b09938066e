// SPDX-License-Identifier: Apache-2.0
#include "zone/dashed_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace paddock::dns {

std::optional<SpeltAddress> parse_dashed(std::span<const std::uint8_t> label) noexcept {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (label.size() >= text.size()) return std::nullopt;
  const auto is_spelling = [](std::uint8_t c) {
    return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  };
  if (!std::ranges::all_of(label, is_spelling)) return std::nullopt;
  SpeltAddress address;
  const auto reads_as = [&](char separator, int family) {
    std::ranges::transform(label, text.begin(), [separator](std::uint8_t c) {
      return c == '-' ? separator : static_cast<char>(c);
    });
    return inet_pton(family, text.data(), address.bytes.data()) == 1;
  };
  if (reads_as('.', AF_INET)) {
    address.size = 4;
  } else if (reads_as(':', AF_INET6)) {
    address.size = 16;
  } else {
    return std::nullopt;
  }
  return address;
}

std::size_t write_reverse_name(const SpeltAddress& address,
                               std::array<std::uint8_t, max_reverse_name>& out) noexcept {
  using namespace std::string_view_literals;
  std::size_t size = 0;
  for (std::size_t i = address.size; i-- > 0;) {
    const std::uint8_t octet = address.bytes[i];
    if (address.size == 4) {
      char digits[3];
      const auto length = std::to_chars(digits, digits + 3, octet).ptr - digits;
      out[size++] = static_cast<std::uint8_t>(length);
      std::memcpy(out.data() + size, digits, static_cast<std::size_t>(length));
      size += static_cast<std::size_t>(length);
    } else {
      for (const unsigned nibble : {unsigned{octet} & 15u, unsigned{octet} >> 4u}) {
        out[size++] = 1;
        out[size++] = static_cast<std::uint8_t>("0123456789abcdef"[nibble]);
      }
    }
  }
  const std::string_view suffix = address.size == 4 ? "\7in-addr\4arpa\0"sv : "\3ip6\4arpa\0"sv;
  std::memcpy(out.data() + size, suffix.data(), suffix.size());
  return size + suffix.size();
}

std::string format_dashed(const boost::asio::ip::address& address) {
  if (address.is_v4()) {
    char text[INET_ADDRSTRLEN];
    char* end = text;
    for (const unsigned char octet : address.to_v4().to_bytes()) {
      end = std::to_chars(end, text + sizeof text, octet).ptr;
      *end++ = '-';
    }
    return {text, end - 1};
  }
  // Without a scope.
  std::string label = boost::asio::ip::address_v6(address.to_v6().to_bytes()).to_string();
  std::ranges::replace(label, ':', '-');
  if (label.starts_with('-')) label.insert(0, 1, '0');
  if (label.ends_with('-')) label += '0';
  return label;
}

}  // namespace paddock::dns
