// SPDX-License-Identifier: Apache-2.0
#include "skydns/key.hpp"

#include "zone/pattern.hpp"

#include <algorithm>

namespace paddock::dns {
namespace {

constexpr std::size_t max_free_labels = 5;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return out;
}

}  // namespace

Labels labels_of(std::string_view key, std::string_view prefix) {
  Labels labels;
  key.remove_prefix(std::min(prefix.size(), key.size()));
  while (!key.empty()) {
    const std::size_t slash = std::min(key.find('/'), key.size());
    if (slash > 0) labels.push_back(lower(key.substr(0, slash)));
    key.remove_prefix(std::min(slash + 1, key.size()));
  }
  return labels;
}

Labels labels_of(const Name& name) {
  Labels labels;
  for (Name rest = name; !rest.is_root(); rest = rest.parent()) {
    labels.emplace_back(rest.first_label());
  }
  std::ranges::reverse(labels);
  return labels;
}

Result<Name> name_of(const Labels& labels, std::size_t base, std::size_t depth,
                     std::uint32_t mask) {
  Name name;
  for (std::size_t i = 0; i < depth; ++i) {
    const bool is_any = i >= base && i - base < 32 && (mask >> (i - base) & 1) != 0;
    auto child = name.child(is_any ? any_label : std::string_view(labels[i]));
    if (!child) return child;
    name = std::move(*child);
  }
  return name;
}

std::vector<std::uint32_t> masks_of(std::size_t depth) {
  std::vector<std::uint32_t> masks;
  if (depth <= max_free_labels) {
    for (std::uint32_t mask = 0; mask < 1u << depth; ++mask) masks.push_back(mask);
  } else {
    masks.push_back(0);
    for (std::size_t i = 0; i < std::min<std::size_t>(depth, 32); ++i) masks.push_back(1u << i);
  }
  return masks;
}

}  // namespace paddock::dns
