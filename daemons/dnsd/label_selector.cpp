// SPDX-License-Identifier: Apache-2.0
#include "dnsd/label_selector.hpp"

#include <algorithm>

namespace paddock::dnsd {

namespace {

constexpr std::string_view blanks = " \t";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Cuts at commas that stand in no brackets.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      parts.push_back(trim(text.substr(start, i - start)));
      start = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return parts;
}

bool is_word(std::string_view text) {
  return text.find_first_of(" \t,()=!") == std::string_view::npos;
}

bool is_key(std::string_view text) { return !text.empty() && is_word(text); }

}  // namespace

std::optional<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  if (trim(text).empty()) return selector;
  for (const auto part : split(text)) {
    auto requirement = parse_requirement(part);
    if (!requirement) return std::nullopt;
    selector.requirements_.push_back(std::move(*requirement));
  }
  return selector;
}

std::optional<LabelSelector::Requirement> LabelSelector::parse_requirement(std::string_view text) {
  Requirement requirement;
  if (text.ends_with(')')) {  // KEY in (A, B), KEY notin (A, B)
    const auto open = text.find('(');
    if (open == std::string_view::npos) return std::nullopt;
    const auto head = trim(text.substr(0, open));
    const auto gap = head.find_first_of(blanks);
    if (gap == std::string_view::npos) return std::nullopt;
    const auto word = trim(head.substr(gap));
    if (word != "in" && word != "notin") return std::nullopt;
    requirement.key = head.substr(0, gap);
    requirement.is_negated = word == "notin";
    for (const auto value : split(text.substr(open + 1, text.size() - open - 2))) {
      if (!is_word(value)) return std::nullopt;
      requirement.values.emplace_back(value);
    }
  } else if (const auto equals = text.find('='); equals != std::string_view::npos) {
    const bool is_unequal = equals > 0 && text[equals - 1] == '!';
    auto value = text.substr(equals + 1);
    if (!is_unequal && value.starts_with('=')) value.remove_prefix(1);
    requirement.key = trim(text.substr(0, equals - (is_unequal ? 1 : 0)));
    requirement.is_negated = is_unequal;
    if (!is_word(trim(value))) return std::nullopt;
    requirement.values.emplace_back(trim(value));
  } else {  // KEY, !KEY
    requirement.is_negated = text.starts_with('!');
    requirement.key = trim(text.substr(requirement.is_negated ? 1 : 0));
  }
  if (!is_key(requirement.key)) return std::nullopt;
  return requirement;
}

bool LabelSelector::matches(const metadata::TextMap& labels) const {
  return std::ranges::all_of(requirements_, [&labels](const Requirement& requirement) {
    const auto* value = labels.find(requirement.key);
    const bool is_met =
        value != nullptr &&
        (requirement.values.empty() ||
         std::ranges::any_of(requirement.values, [&](const auto& one) { return *value == one; }));
    return is_met != requirement.is_negated;
  });
}

}  // namespace paddock::dnsd
