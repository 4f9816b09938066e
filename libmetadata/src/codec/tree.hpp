// SPDX-License-Identifier: Apache-2.0
//
// A JSON or YAML text as a tree of values, before anyone asks what it means, and the builder
// that both readers feed. The builder hands out the members of a long list one by one, so that a
// file of a whole cluster is never in memory as a tree. Values own nothing: what is in them lies in
// the text they were read from, or in memory of the builder.
#pragma once

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace paddock::metadata {

class Value {
 public:
  enum class Type : std::uint8_t { null, boolean, number, text, list, map };

  constexpr Value() noexcept = default;
  static Value null(unsigned line) noexcept { return {Type::null, line}; }
  static Value boolean(bool flag, unsigned line) noexcept {
    Value made(Type::boolean, line);
    made.flag_ = flag;
    return made;
  }
  // A number or a text.
  Value(Type type, unsigned line, std::string_view text = {}) noexcept
      : type_(type), line_(line), size_(text.size()), text_(text.data()) {}
  // A list, or a map with as many keys as items.
  Value(Type type, unsigned line, std::span<const Value> items,
        const std::string_view* keys) noexcept
      : type_(type), line_(line), size_(items.size()), items_(items.data()), keys_(keys) {}

  [[nodiscard]] Type type() const noexcept { return type_; }
  // Where it ends (scalars) or begins, from 1.
  [[nodiscard]] unsigned line() const noexcept { return line_; }
  [[nodiscard]] Value at_line(unsigned line) const noexcept {
    Value moved = *this;
    moved.line_ = line;
    return moved;
  }
  // Of a boolean; otherwise false.
  [[nodiscard]] bool flag() const noexcept { return flag_; }
  // Of a text, and of a number as JSON writes it; otherwise empty.
  [[nodiscard]] std::string_view text() const noexcept {
    return has_items() ? std::string_view() : std::string_view(text_, size_);
  }
  // Of a list and a map; otherwise none.
  [[nodiscard]] std::span<const Value> items() const noexcept {
    return has_items() ? std::span(items_, size_) : std::span<const Value>();
  }
  // Of a map: the key of each item, in the order of the text; otherwise none.
  [[nodiscard]] std::span<const std::string_view> keys() const noexcept {
    return type_ == Type::map ? std::span(keys_, size_) : std::span<const std::string_view>();
  }

  // The first value of the key; null when there is none or it is null.
  [[nodiscard]] const Value* find(std::string_view key) const noexcept;
  // A key that is there more than once.
  [[nodiscard]] std::optional<std::string_view> duplicate_key() const;

 private:
  [[nodiscard]] bool has_items() const noexcept { return type_ >= Type::list; }

  Type type_ = Type::null;
  bool flag_ = false;
  unsigned line_ = 0;
  std::size_t size_ = 0;
  union {
    const char* text_ = nullptr;
    const Value* items_;
  };
  const std::string_view* keys_ = nullptr;
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
  // What is delivered is valid until the builder is fed again, or gone.
  using Sink = std::function<void(Value)>;

  TreeBuilder(Lists lists, Sink sink)
      : lists_(lists), sink_(std::move(sink)), outside_(lists == Lists::whole ? 0 : nowhere) {}

  // False when that is deeper than Limits::depth.
  [[nodiscard]] bool begin(Value::Type type, unsigned line);
  // Keys, texts and numbers are not copied: they lie in the text that is read, or in memory().
  void key(std::string_view key) { keys_.push_back(key); }
  // What a Value is made of, in the place where it stays.
  template <class... Parts>
  void scalar(const Parts&... parts) {
    if (is_delivered_alone()) {
      deliver(Value(parts...));
    } else {
      items_.emplace_back(parts...);
    }
  }
  // Ends the innermost list or map.
  void end() { end(take_innermost()); }

  [[nodiscard]] bool expects_key() const noexcept;
  // The innermost open list or map with all that is in it, for who ends it as another: nothing but
  // end() may follow.
  [[nodiscard]] Value take_innermost();
  void end(const Value& whole);
  [[nodiscard]] std::size_t depth() const noexcept { return open_.size(); }

  // Memory for what is fed next, kept until that is forgotten.
  [[nodiscard]] std::pmr::memory_resource& memory();
  // Memory kept until the next root begins.
  [[nodiscard]] std::pmr::memory_resource& memory_of_root() noexcept { return outer_; }

 private:
  struct Open {
    Open(Value::Type opened, unsigned begun, std::size_t key, std::size_t item) noexcept
        : type(opened), line(begun), first_key(key), first_item(item) {}
    Value::Type type;
    unsigned line;
    std::size_t first_key;  // of keys_
    std::size_t first_item;
  };

  static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

  [[nodiscard]] bool is_delivered_alone() const noexcept {
    return open_.empty() || (lists_ == Lists::split && is_member());
  }
  [[nodiscard]] bool is_member() const noexcept;
  void deliver(const Value& value);
  void forget_delivered();

  Lists lists_;
  Sink sink_;
  boost::container::small_vector<Open, 8> open_;
  // What is in the open ones, those of the innermost last: each gets its own when their number is
  // known, and memory for just as many.
  boost::container::small_vector<std::string_view, 64> keys_;
  boost::container::small_vector<Value, 64> items_;
  std::size_t outside_;        // how many are open around what will be delivered alone
  bool is_delivered_ = false;  // something is, and not forgotten yet
  // Of what is delivered alone, and of what stands around that.
  alignas(std::max_align_t) std::byte first_memory_[8192];
  std::pmr::monotonic_buffer_resource inner_{first_memory_, sizeof first_memory_};
  std::pmr::monotonic_buffer_resource outer_;
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
