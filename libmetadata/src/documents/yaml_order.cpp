// SPDX-License-Identifier: Apache-2.0
#include "documents/yaml_order.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace paddock::metadata::documents {
namespace {

bool is_digit_at(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

bool is_digit_before(std::string_view text, std::size_t at) {
  return at > 0 && is_digit_at(text, at - 1);
}

// What is not ASCII is nearly always one.
bool is_letter(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Whether a digit other than zero stands before this place, in the same run of digits.
bool has_number_before(std::string_view text, std::size_t at) {
  for (; is_digit_before(text, at); --at) {
    if (text[at - 1] != '0') return true;
  }
  return false;
}

struct Run {
  std::uint64_t number;
  std::size_t end;
};

Run digits_from(std::string_view text, std::size_t at, std::uint64_t number) {
  for (; is_digit_at(text, at); ++at) {
    number = number * 10 + static_cast<std::uint64_t>(text[at] - '0');
  }
  return {number, at};
}

bool comes_before(std::string_view a, std::string_view b) {
  const auto differ = std::ranges::mismatch(a, b);
  if (differ.in1 == a.end() || differ.in2 == b.end()) return a.size() < b.size();
  const auto at = static_cast<std::size_t>(differ.in1 - a.begin());
  const bool is_letter_of_a = is_letter(a[at]);
  const bool is_letter_of_b = is_letter(b[at]);
  // Bytes of UTF-8 are in the order of the letters.
  const bool is_less = static_cast<unsigned char>(a[at]) < static_cast<unsigned char>(b[at]);
  if (is_letter_of_a && is_letter_of_b) return is_less;
  if (is_letter_of_a || is_letter_of_b) {
    // A number ends before a letter, and is less than one that goes on: 1a, 2, 12.
    return is_digit_before(a, at) ? is_letter_of_a : is_letter_of_b;
  }
  // A zero inside a number counts as a place of it.
  const bool is_inside = (a[at] == '0' || b[at] == '0') && has_number_before(a, at);
  const Run of_a = digits_from(a, at, is_inside ? 1 : 0);
  const Run of_b = digits_from(b, at, is_inside ? 1 : 0);
  if (of_a.number != of_b.number) return of_a.number < of_b.number;
  return of_a.end != of_b.end ? of_a.end < of_b.end : is_less;
}

}  // namespace

void sort_for_yaml(std::vector<Map::Entry>& entries) {
  std::ranges::stable_sort(entries, comes_before, &Map::Entry::key);
}

}  // namespace paddock::metadata::documents
