// SPDX-License-Identifier: Apache-2.0
#include "documents/media_type.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <tuple>

namespace paddock::metadata::documents {
namespace {

struct Offer {
  std::string_view type;
  MediaType media;
};

constexpr Offer offers[] = {
    {"text/plain", {Form::text, "text/plain; charset=utf-8"}},
    {"application/json", {Form::json, "application/json"}},
    {"application/yaml", {Form::yaml, "application/yaml"}},
    {"application/x-yaml", {Form::yaml, "application/x-yaml"}},
    {"text/yaml", {Form::yaml, "text/yaml; charset=utf-8"}},
    {"text/x-yaml", {Form::yaml, "text/x-yaml; charset=utf-8"}},
};

std::string_view trim(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// Takes what is before the separator off `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const std::string_view part = trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

bool equals(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

// 2: the very type, 1: its group, 0: anything, -1: something else.
int specificity(std::string_view range, std::string_view type) {
  if (range == "*/*") return 0;
  if (equals(range, type)) return 2;
  const auto slash = type.find('/');
  return range.ends_with("/*") &&
                 equals(range.substr(0, range.size() - 1), type.substr(0, slash + 1))
             ? 1
             : -1;
}

// In thousandths; nothing when it is none.
std::optional<int> weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = take(parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    const std::string_view value = parameter.substr(2);
    if (!value.starts_with('0') && !value.starts_with('1')) return std::nullopt;
    double weight = 1;
    std::from_chars(value.data(), value.data() + value.size(), weight);
    return static_cast<int>(std::min(weight, 1.0) * 1000);
  }
  return 1000;
}

}  // namespace

MediaType negotiate(std::string_view accept) {
  MediaType best = offers[0].media;
  std::tuple<int, int> best_rank{0, -1};
  const int count = static_cast<int>(std::size(offers));
  int best_place = count;
  while (!accept.empty()) {
    std::string_view entry = take(accept, ',');
    std::string_view range = take(entry, ';');
    range = range.substr(0, range.find_first_of(" \t"));
    const int weight = weight_of(entry).value_or(0);
    if (weight == 0) continue;
    for (int place = 0; place < count; ++place) {
      const std::tuple<int, int> rank{weight, specificity(range, offers[place].type)};
      if (std::get<1>(rank) < 0) continue;
      if (rank > best_rank || (rank == best_rank && place < best_place)) {
        best = offers[place].media;
        best_rank = rank;
        best_place = place;
      }
    }
  }
  return best;
}

}  // namespace paddock::metadata::documents
