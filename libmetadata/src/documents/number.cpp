// SPDX-License-Identifier: Apache-2.0
#include "documents/number.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace paddock::metadata::documents {
namespace {

struct Digits {
  std::string text;  // "15" of 1.5e3
  int exponent = 0;  // of the first digit: 3 of 1.5e3
  bool is_negative = false;
};

Digits shortest(double number) {
  char buffer[40];
  const char* const end =
      std::to_chars(buffer, buffer + sizeof buffer, std::abs(number), std::chars_format::scientific)
          .ptr;
  Digits digits;
  digits.is_negative = std::signbit(number);
  const char* at = buffer;
  for (; at != end && *at != 'e'; ++at) {
    if (*at != '.') digits.text += *at;
  }
  digits.exponent = std::atoi(std::string(at + 1, end).c_str());
  return digits;
}

std::string plain(const Digits& digits) {
  std::string text = digits.text;
  const int point = digits.exponent + 1;
  if (point <= 0) {
    text = "0." + std::string(static_cast<std::size_t>(-point), '0') + text;
  } else if (static_cast<std::size_t>(point) >= text.size()) {
    text.append(static_cast<std::size_t>(point) - text.size(), '0');
  } else {
    text.insert(static_cast<std::size_t>(point), ".");
  }
  return (digits.is_negative ? "-" : "") + text;
}

std::string with_exponent(const Digits& digits, int least_digits) {
  std::string text = digits.text;
  if (text.size() > 1) text.insert(1, ".");
  char exponent[16];
  std::snprintf(exponent, sizeof exponent, "e%c%0*d", digits.exponent < 0 ? '-' : '+', least_digits,
                std::abs(digits.exponent));
  return (digits.is_negative ? "-" : "") + text + exponent;
}

}  // namespace

std::string text_number(double number) {
  if (!std::isfinite(number)) return std::isnan(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf";
  char buffer[400];
  const int size = std::snprintf(buffer, sizeof buffer, "%.6f", number);
  std::string text(buffer, static_cast<std::size_t>(size));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string json_number(double number) {
  if (!std::isfinite(number)) return "null";
  if (number == 0) return "0";
  const Digits digits = shortest(number);
  return digits.exponent < -6 || digits.exponent >= 21 ? with_exponent(digits, 1) : plain(digits);
}

std::string yaml_number(double number) {
  if (std::isnan(number)) return ".nan";
  if (std::isinf(number)) return number > 0 ? ".inf" : "-.inf";
  if (number == 0) return "0";
  const Digits digits = shortest(number);
  return digits.exponent < -4 || digits.exponent >= 6 ? with_exponent(digits, 2) : plain(digits);
}

}  // namespace paddock::metadata::documents
