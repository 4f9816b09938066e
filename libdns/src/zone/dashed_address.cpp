// SPDX-License-Identifier: Apache-2.0
#include "zone/dashed_address.hpp"

#include <arpa/inet.h>

#include <algorithm>

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

std::string format_dashed(const boost::asio::ip::address& address) {
  std::string label =
      address.is_v4()
          ? address.to_string()
          : boost::asio::ip::address_v6(address.to_v6().to_bytes()).to_string();  // without a scope
  std::ranges::replace(label, '.', '-');
  std::ranges::replace(label, ':', '-');
  if (label.starts_with('-')) label.insert(0, 1, '0');
  if (label.ends_with('-')) label += '0';
  return label;
}

}  // namespace paddock::dns
