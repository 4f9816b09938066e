// SPDX-License-Identifier: Apache-2.0
#include "master/generate.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace paddock::dns::master {
namespace {

constexpr std::size_t max_width = 255;  // no name is longer

Error bad_form(std::string text) {
  return {make_error_code(boost::system::errc::invalid_argument), std::move(text)};
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// What stands before the separator; `rest` goes on behind it.
std::string_view cut(std::string_view& rest, char separator) {
  const auto at = std::min(rest.find(separator), rest.size());
  const auto part = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return part;
}

std::string digits_of(std::uint32_t number, int base) {
  std::string digits(32, '0');
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  digits.resize(static_cast<std::size_t>(end - digits.data()));
  return digits;
}

std::string padded(const std::string& digits, std::size_t width) {
  return std::string(width - std::min(width, digits.size()), '0') + digits;
}

// Dots count as part of the width.
std::string nibbles_of(const std::string& digits, std::size_t width) {
  std::string text;
  const std::string whole = padded(digits, (width + 1) / 2);
  std::for_each(whole.rbegin(), whole.rend(), [&](char digit) {
    if (!text.empty()) text += '.';
    text += digit;
  });
  return text;
}

std::string in_capitals(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

// `offset,width,base`, the last ones of which may be missing.
Result<std::string> formatted(std::string_view form, std::uint32_t number) {
  const std::string said(form);
  const auto offset = number_of<std::int64_t>(cut(form, ','));
  const auto width = form.empty() ? std::size_t{0} : number_of<std::size_t>(cut(form, ','));
  const char base = form.empty() ? 'd' : form.front();
  const bool has_offset = offset && *offset >= -0xffffffffLL && *offset <= 0xffffffffLL;
  const std::int64_t sum = has_offset ? number + *offset : -1;
  if (!width || *width > max_width || form.size() > 1 || sum < 0 || sum > 0xffffffff) {
    return bad_form("${" + said + "} is no ${OFFSET,WIDTH,BASE}, or makes no number");
  }
  const auto value = static_cast<std::uint32_t>(sum);
  switch (base) {
    case 'd':
      return padded(digits_of(value, 10), *width);
    case 'o':
      return padded(digits_of(value, 8), *width);
    case 'x':
      return padded(digits_of(value, 16), *width);
    case 'X':
      return in_capitals(padded(digits_of(value, 16), *width));
    case 'n':
      return nibbles_of(digits_of(value, 16), *width);
    case 'N':
      return in_capitals(nibbles_of(digits_of(value, 16), *width));
    default:
      return bad_form("base " + std::string(1, base) + " is none of d, o, x, X, n and N");
  }
}

}  // namespace

Result<NumberRange> parse_range(std::string_view text) {
  const std::string said(text);
  auto bounds = cut(text, '/');
  const auto step = text.empty() ? std::uint32_t{1} : number_of<std::uint32_t>(text);
  const auto first = number_of<std::uint32_t>(cut(bounds, '-'));
  const auto last = number_of<std::uint32_t>(bounds);
  if (!first || !last || !step || *step == 0 || *first > *last || *last > 0x7fffffff) {
    return bad_form(said + " is no range, such as 1-254 or 0-254/2");
  }
  return NumberRange{*first, *last, *step};
}

Result<std::string> fill_in(std::string_view word, std::uint32_t number) {
  std::string out;
  while (!word.empty()) {
    const char first = word.front();
    word.remove_prefix(1);
    if (first == '\\' && !word.empty()) {
      out += {first, word.front()};
      word.remove_prefix(1);
    } else if (first != '$') {
      out += first;
    } else if (word.starts_with('$')) {
      out += "\\$";
      word.remove_prefix(1);
    } else if (word.starts_with('{')) {
      const auto end = word.find('}');
      if (end == word.npos) return bad_form("${ without }");
      auto text = formatted(word.substr(1, end - 1), number);
      if (!text) return text.error();
      out += *text;
      word.remove_prefix(end + 1);
    } else {
      out += std::to_string(number);
    }
  }
  return out;
}

}  // namespace paddock::dns::master
