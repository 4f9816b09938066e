// SPDX-License-Identifier: Apache-2.0
#include "master/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace paddock::dns::master {
namespace {

constexpr std::int64_t max_ttl = 0x7FFFFFFF;

// Seconds of the unit, which may be absent; 0 if there is no such unit.
std::int64_t length_of(std::string_view unit) {
  constexpr std::string_view units = "smhdwSMHDW";
  constexpr std::array<std::int64_t, 5> lengths{1, 60, 3600, 86400, 604800};
  if (unit.empty()) return 1;
  const std::size_t at = units.find(unit.front());
  return at == std::string_view::npos ? 0 : lengths[at % lengths.size()];
}

// A final dot, unless it is escaped.
bool is_absolute(std::string_view word) {
  if (!word.ends_with('.')) return false;
  word.remove_suffix(1);
  const std::size_t last = word.find_last_not_of('\\');
  const std::size_t escapes = word.size() - (last == std::string_view::npos ? 0 : last + 1);
  return escapes % 2 == 0;
}

}  // namespace

bool equals(std::string_view word, std::string_view upper) {
  return std::ranges::equal(word, upper, {}, [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  });
}

std::optional<std::chrono::seconds> parse_ttl(std::string_view word) {
  std::int64_t total = 0;
  do {
    std::uint32_t number = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc()) return std::nullopt;
    word.remove_prefix(static_cast<std::size_t>(stop - word.data()));
    const std::int64_t unit = length_of(word);
    total += number * unit;
    if (unit == 0 || total > max_ttl) return std::nullopt;
    if (!word.empty()) word.remove_prefix(1);
  } while (!word.empty());
  return std::chrono::seconds{total};
}

Result<Name> parse_name(std::string_view word, const Name& origin) {
  if (word == "@") return origin;
  if (origin.is_root() || is_absolute(word)) return Name::parse(word);
  return Name::parse(std::string(word) + "." + origin.format());
}

}  // namespace paddock::dns::master
