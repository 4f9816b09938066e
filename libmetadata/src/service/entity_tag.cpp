// SPDX-License-Identifier: Apache-2.0
#include "service/entity_tag.hpp"

#include <algorithm>

namespace paddock::metadata::service {

bool lists_tag(std::string_view list, std::string_view tag, Comparison comparison) {
  if (list == "*") return true;
  while (!list.empty()) {
    list.remove_prefix(std::min(list.find_first_not_of(" \t,"), list.size()));
    const bool is_weak = list.starts_with("W/");
    if (is_weak) list.remove_prefix(2);
    if (!list.starts_with('"')) return false;
    const auto end = list.find('"', 1);
    if (end == std::string_view::npos) return false;
    const std::string_view candidate = list.substr(0, end + 1);
    if (candidate == tag && (!is_weak || comparison == Comparison::weak)) return true;
    list.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace paddock::metadata::service
