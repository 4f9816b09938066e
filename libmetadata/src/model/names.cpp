// SPDX-License-Identifier: Apache-2.0
#include "model/names.hpp"

#include <algorithm>

namespace paddock::metadata {
namespace {

constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_name = 253;

bool is_lower_or_digit(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_dns_character(char c) noexcept {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

bool is_dns_label(std::string_view text) noexcept {
  return !text.empty() && text.size() <= longest_label &&
         std::all_of(text.begin(), text.end(), is_dns_character);
}

template <class IsLabel>
bool all_labels(std::string_view text, IsLabel is_each) noexcept {
  if (text.size() > longest_name) return false;
  for (std::size_t dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.')) {
    if (!is_each(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
  }
  return is_each(text);
}

}  // namespace

bool is_label(std::string_view text) noexcept {
  return !text.empty() && text.size() <= longest_label && is_lower_or_digit(text.front()) &&
         is_lower_or_digit(text.back()) && std::all_of(text.begin(), text.end(), [](char c) {
           return is_lower_or_digit(c) || c == '-';
         });
}

bool is_dotted_name(std::string_view text) noexcept { return all_labels(text, is_label); }

bool is_dns_name(std::string_view text) noexcept {
  if (text.ends_with('.')) text.remove_suffix(1);
  return all_labels(text, is_dns_label);
}

}  // namespace paddock::metadata
