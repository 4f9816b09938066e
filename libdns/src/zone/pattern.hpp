// SPDX-License-Identifier: Apache-2.0
//
// Names that stand for many, SkyDNS's way: a question's labels `*` and `any` match any label. In
// the table such a name has the label `any_label` there, which no sensible name has; so the
// wildcards of RFC 4592, whose label is `*`, stay what they are.
#pragma once

#include <paddock/dns/name.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace paddock::dns {

inline constexpr std::string_view any_label = "\xFF";

inline bool is_any(std::span<const std::uint8_t> label) noexcept {
  return (label.size() == 1 && label[0] == '*') ||
         (label.size() == 3 && std::memcmp(label.data(), "any", 3) == 0);
}

inline bool is_pattern(std::span<const std::uint8_t> name) noexcept {
  for (; name[0] != 0; name = name.subspan(std::size_t{1} + name[0])) {
    if (name[0] == 1 && name[1] == 0xFF) return true;
  }
  return false;
}

// Writes the pattern a question means; its length, 0 if no label of it matches any.
inline std::size_t write_pattern(std::span<const std::uint8_t> name,
                                 std::array<std::uint8_t, Name::max_length>& out) noexcept {
  std::size_t size = 0;
  bool has_any = false;
  for (; name[0] != 0; name = name.subspan(std::size_t{1} + name[0])) {
    const auto label = name.subspan(1, name[0]);
    if (is_any(label)) {
      has_any = true;
      out[size++] = 1;
      out[size++] = 0xFF;
    } else {
      std::memcpy(out.data() + size, name.data(), label.size() + 1);
      size += label.size() + 1;
    }
  }
  out[size++] = 0;
  return has_any ? size : 0;
}

}  // namespace paddock::dns
