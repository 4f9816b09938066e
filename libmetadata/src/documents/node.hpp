// SPDX-License-Identifier: Apache-2.0
//
// A document as a tree that is made while it is read: a map or list knows how to make each of its
// children, so that one leaf of a large cluster costs a lookup. Nodes borrow from the View they
// come from (tree.hpp) and are valid while it lives.
#pragma once

#include <paddock/metadata/values.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace paddock::metadata::documents {

class Map;
class List;

// Null, boolean, integer, number, text (of its own, or shared with the cluster), map or list.
using Node = std::variant<std::monostate, bool, std::int64_t, double, std::string, Text,
                          std::shared_ptr<const Map>, std::shared_ptr<const List>>;

class Map {
 public:
  struct Entry;
  virtual ~Map() = default;
  // Sorted.
  [[nodiscard]] virtual std::vector<std::string_view> keys() const = 0;
  // Every key with its child, sorted by key.
  [[nodiscard]] virtual std::vector<Entry> entries() const;
  // Nothing when there is no such key.
  [[nodiscard]] virtual std::optional<Node> find(std::string_view key) const = 0;
  // All of it when that is text alone; else null, and its entries are asked for.
  [[nodiscard]] virtual const TextMap* texts() const noexcept { return nullptr; }
  // There is none, where Rancher's clients expect one: empty as text and YAML, null as JSON.
  [[nodiscard]] virtual bool is_absent() const noexcept { return false; }
};

struct Map::Entry {
  std::string_view key;  // valid while the map lives
  Node value;
};

class List {
 public:
  virtual ~List() = default;
  [[nodiscard]] virtual std::size_t size() const = 0;
  // index < size().
  [[nodiscard]] virtual Node at(std::size_t index) const = 0;
  // The first element whose `name` or `uuid` is this text.
  [[nodiscard]] virtual std::optional<Node> find(std::string_view name) const = 0;
  // As of a map.
  [[nodiscard]] virtual bool is_absent() const noexcept { return false; }
};

[[nodiscard]] inline bool is_container(const Node& node) noexcept { return node.index() >= 6; }

// Nothing when it is no text. Valid while the node is.
[[nodiscard]] inline std::optional<std::string_view> text_of(const Node& node) noexcept {
  if (const auto* own = std::get_if<std::string>(&node)) return *own;
  if (const auto* shared = std::get_if<Text>(&node)) return shared->view();
  return std::nullopt;
}

// What the path leads to: keys, and in lists an index, a name or a uuid. What is not found is
// looked for once more with the whole path in lower case.
[[nodiscard]] std::optional<Node> find(const Node& root, const std::vector<std::string>& path);

}  // namespace paddock::metadata::documents
