// SPDX-License-Identifier: Apache-2.0
#include "documents/node.hpp"

#include <algorithm>
#include <charconv>

namespace paddock::metadata::documents {
namespace {

std::optional<Node> child(const Node& node, std::string_view segment) {
  if (const auto* map = std::get_if<std::shared_ptr<const Map>>(&node)) {
    return (*map)->find(segment);
  }
  const auto* list = std::get_if<std::shared_ptr<const List>>(&node);
  if (list == nullptr) return std::nullopt;
  std::int64_t index = 0;
  const char* end = segment.data() + segment.size();
  // As Go reads integers: a plus may stand before the digits, which from_chars does not take.
  const bool has_plus = segment.size() > 1 && segment[0] == '+' && segment[1] != '-';
  const auto [stop, failed] = std::from_chars(segment.data() + (has_plus ? 1 : 0), end, index);
  if (failed != std::errc{} || stop != end) return (*list)->find(segment);
  if (index < 0 || static_cast<std::size_t>(index) >= (*list)->size()) {
    return std::nullopt;
  }
  return (*list)->at(static_cast<std::size_t>(index));
}

std::optional<Node> find_exactly(const Node& root, const std::vector<std::string>& path) {
  std::optional<Node> node = root;
  for (const auto& segment : path) {
    node = child(*node, segment);
    if (!node) break;
  }
  return node;
}

}  // namespace

std::vector<Map::Entry> Map::entries() const {
  std::vector<Entry> all;
  for (const auto key : keys()) all.push_back({key, find(key).value_or(Node())});
  return all;
}

std::optional<Node> find(const Node& root, const std::vector<std::string>& path) {
  if (auto node = find_exactly(root, path)) return node;
  auto lowered = path;
  for (auto& segment : lowered) {
    std::transform(segment.begin(), segment.end(), segment.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  }
  return lowered == path ? std::nullopt : find_exactly(root, lowered);
}

}  // namespace paddock::metadata::documents
