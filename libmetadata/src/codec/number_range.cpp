// SPDX-License-Identifier: Apache-2.0
#include "codec/number_range.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace paddock::metadata {
namespace {

// Whether a number that is out of double's range is so because it is too large.
bool is_large(std::string_view number) noexcept {
  const auto mark = std::min(number.find_first_of("eE"), number.size());
  const std::string_view digits = number.substr(0, mark);
  const auto point = std::min(digits.find('.'), digits.size());
  const auto first = digits.find_first_of("123456789");
  std::int32_t exponent = 0;
  if (mark != number.size()) {
    std::string_view text = number.substr(mark + 1);
    if (text.front() == '+') text.remove_prefix(1);
    // No text has so many digits that they could make up for an exponent longer than that.
    const auto read = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (read.ec != std::errc()) return text.front() != '-';
  }
  return static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) + exponent > 0;
}

}  // namespace

bool is_within_double(std::string_view number) noexcept {
  constexpr std::size_t always = 300;  // so many digits are
  if (number.size() <= always && number.find_first_of("eE") == std::string_view::npos) return true;
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  return read.ec != std::errc::result_out_of_range || !is_large(number);
}

}  // namespace paddock::metadata
