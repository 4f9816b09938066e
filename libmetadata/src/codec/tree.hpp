// SPDX-License-Identifier: Apache-2.0
//
// A JSON or YAML text as a tree of values, before anyone asks what it means, and the builder
// that both readers feed. The builder hands out the members of a long list one by one, so that a
// file of a whole cluster is never in memory as a tree.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata {

struct Value {
  enum class Type { null, boolean, number, text, list, map };
  Type type = Type::null;
  bool flag = false;              // of boolean
  unsigned line = 0;              // where it ends (scalars) or begins, from 1
  std::string text;               // of text; of number: as JSON writes it
  std::vector<Value> items;       // of list and map
  std::vector<std::string> keys;  // of map: the key of each item, in the order of the text

  // The first value of the key; null when there is none or it is null.
  [[nodiscard]] const Value* find(std::string_view key) const noexcept;
  // A key that is there more than once.
  [[nodiscard]] std::optional<std::string_view> duplicate_key() const;
};

// Compact JSON of any value, keys in their order.
void append_value(std::string& out, const Value& value);

class TreeBuilder {
 public:
  enum class Lists {
    whole,  // the root is delivered as it is
    split   // members of a root list, or of `objects` in a root map, are delivered on their own;
            // the list around them is then delivered empty, if it stands in a map
  };
  using Sink = std::function<void(Value&&)>;

  TreeBuilder(Lists lists, Sink sink) : lists_(lists), sink_(std::move(sink)) {}

  // False when that is deeper than Limits::depth.
  [[nodiscard]] bool begin(Value::Type type, unsigned line);
  void key(std::string_view key);
  void scalar(Value value);
  // Ends the innermost list or map.
  void end();

  [[nodiscard]] bool expects_key() const noexcept;
  // The innermost open list or map with all that is in it; nothing but end() may follow.
  [[nodiscard]] Value& innermost();
  [[nodiscard]] std::size_t depth() const noexcept { return open_.size(); }

 private:
  struct Open {
    Value value;
    std::size_t first_key;  // of keys_
    std::size_t first_item;
  };

  [[nodiscard]] bool is_delivered_alone() const noexcept;
  Lists lists_;
  Sink sink_;
  std::vector<Open> open_;
  // What is in the open ones, those of the innermost last: each gets its own when their number is
  // known, and memory for just as many.
  std::vector<std::string> keys_;
  std::vector<Value> items_;
};

// Reads one JSON text. Nothing, or a sentence about what is wrong and where.
struct TextError {
  std::string message;
  unsigned line = 0;
};
[[nodiscard]] std::optional<TextError> read_json(std::string_view text, TreeBuilder& builder);
// Reads JSON objects that stand one after the other, with or without space between them.
[[nodiscard]] std::optional<TextError> read_json_sequence(std::string_view text,
                                                          TreeBuilder& builder);
// Reads all documents of a YAML text.
[[nodiscard]] std::optional<TextError> read_yaml(std::string_view text, TreeBuilder& builder);

}  // namespace paddock::metadata
