// SPDX-License-Identifier: Apache-2.0
#include "coredns/plugins.hpp"

#include <paddock/dns/upstream.hpp>

#include <algorithm>

namespace paddock::coredns {

void take_options(const Directive& plugin, const OptionTable& table, Draft& draft) {
  for (const Directive& option : plugin.block) {
    if (const auto known = table.find(option.name()); known != table.end()) {
      known->second(option);
    } else {
      draft.lose(plugin, option, "has no counterpart");
    }
  }
}

TakeOption nothing_to_do() {
  return [](const Directive&) {};
}

TakeOption lost(const Directive& plugin, Draft& draft, std::string why) {
  return [&plugin, &draft, why = std::move(why)](const Directive& option) {
    draft.lose(plugin, option, why);
  };
}

std::optional<std::string> duration_of(const std::string& text) {
  const auto digits = std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || text.size() > 9 || digits == 0 || text.front() < '0' || text.front() > '9') {
    return std::nullopt;
  }
  if (static_cast<std::size_t>(digits) == text.size()) return text + "s";
  std::uint64_t seconds = 0;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      number = number * 10 + static_cast<unsigned>(c - '0');
      continue;
    }
    if (text.substr(i) == "ms") return seconds == 0 ? std::optional(text) : std::nullopt;
    const unsigned unit = c == 'h' ? 3600 : c == 'm' ? 60 : c == 's' ? 1 : 0;
    if (unit == 0) return std::nullopt;
    seconds += std::exchange(number, 0) * unit;
  }
  return number == 0 ? std::optional(std::to_string(seconds) + "s") : std::nullopt;
}

bool is_address(const std::string& text) { return dns::parse_upstream(text).has_value(); }

}  // namespace paddock::coredns
