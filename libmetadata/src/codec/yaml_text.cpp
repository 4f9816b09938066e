// SPDX-License-Identifier: Apache-2.0
//
// YAML text to values: the core schema of YAML 1.2 (so `on` and `n` are text), anchors, aliases
// and merge keys. What aliases repeat is bounded, so a small text cannot become a large tree.
#include "codec/tree.hpp"
#include "codec/yaml_events.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <memory_resource>
#include <span>
#include <vector>

namespace paddock::metadata {
namespace {

// What the copies made for aliases may come to in one file.
constexpr std::size_t most_alias_values = 100'000;
constexpr std::size_t most_alias_bytes = 16U << 20U;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> choices) {
  return std::find(choices.begin(), choices.end(), text) != choices.end();
}

using Memory = std::pmr::memory_resource;

std::string_view copy(std::string_view text, Memory& memory) {
  char* const bytes = static_cast<char*>(memory.allocate(text.size(), 1));
  std::copy(text.begin(), text.end(), bytes);
  return {bytes, text.size()};
}

// Without a plus in front, which from_chars() does not know; empty if another sign follows.
std::string_view without_plus(std::string_view number) {
  if (!number.starts_with('+')) return number;
  number.remove_prefix(1);
  return number.starts_with('-') ? std::string_view() : number;
}

std::optional<std::string> integer_text(std::string_view text) {
  int base = 10;
  std::string_view digits = without_plus(text);
  if (text.starts_with("0x") || text.starts_with("0o")) {
    base = text[1] == 'x' ? 16 : 8;
    digits.remove_prefix(2);
    if (digits.starts_with('-')) return std::nullopt;
  }
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return std::to_string(number);
}

std::optional<std::string> float_text(std::string_view text) {
  const std::string_view digits = without_plus(text);
  if (digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(number)) {
    return std::nullopt;
  }
  char buffer[32];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, number);
  return std::string(buffer, written.ptr);
}

// A plain scalar as the core schema has it.
Value resolve(std::string_view text, unsigned line, Memory& memory) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return Value::null(line);
  if (is_one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) {
    return Value::boolean(text[0] == 't' || text[0] == 'T', line);
  }
  auto number = integer_text(text);
  if (!number) number = float_text(text);
  return {number ? Value::Type::number : Value::Type::text, line,
          copy(number ? std::string_view(*number) : text, memory)};
}

struct Weight {
  std::size_t values = 1;
  std::size_t bytes = 0;
};

Weight weigh(const Value& value) {
  Weight sum{1, value.text().size()};
  for (const std::string_view key : value.keys()) sum.bytes += key.size();
  for (const Value& item : value.items()) {
    const Weight inner = weigh(item);
    sum.values += inner.values;
    sum.bytes += inner.bytes;
  }
  return sum;
}

// Not what is in them.
template <class T>
std::span<const T> copy_items(const std::vector<T>& items, Memory& memory) {
  T* const copies = std::pmr::polymorphic_allocator<>(&memory).allocate_object<T>(items.size());
  std::uninitialized_copy(items.begin(), items.end(), copies);
  return {copies, items.size()};
}

// With all that is in it.
Value copy(const Value& value, Memory& memory) {
  switch (value.type()) {
    case Value::Type::null:
    case Value::Type::boolean:
      return value;
    case Value::Type::number:
    case Value::Type::text:
      return {value.type(), value.line(), copy(value.text(), memory)};
    case Value::Type::list:
    case Value::Type::map:
      break;
  }
  std::vector<Value> items;
  for (const Value& item : value.items()) items.push_back(copy(item, memory));
  if (value.type() == Value::Type::list) {
    return {Value::Type::list, value.line(), copy_items(items, memory), nullptr};
  }
  std::vector<std::string_view> keys;
  for (const std::string_view key : value.keys()) keys.push_back(copy(key, memory));
  return {Value::Type::map, value.line(), copy_items(items, memory),
          copy_items(keys, memory).data()};
}

// "<<": the keys of the named maps, where this one has none of that name.
Value merge_keys(const Value& map, Memory& memory) {
  const auto at = std::find(map.keys().begin(), map.keys().end(), "<<") - map.keys().begin();
  if (static_cast<std::size_t>(at) == map.keys().size()) return map;
  std::vector<std::string_view> keys(map.keys().begin(), map.keys().end());
  std::vector<Value> items(map.items().begin(), map.items().end());
  const Value source = items[static_cast<std::size_t>(at)];
  keys.erase(keys.begin() + at);
  items.erase(items.begin() + at);
  const auto take = [&](const Value& from) {
    if (from.type() != Value::Type::map) {
      throw Refused{"<<: must be a map, or a list of maps", from.line()};
    }
    for (std::size_t i = 0; i < from.keys().size(); ++i) {
      if (std::find(keys.begin(), keys.end(), from.keys()[i]) != keys.end()) continue;
      keys.push_back(from.keys()[i]);
      items.push_back(from.items()[i]);
    }
  };
  if (source.type() == Value::Type::list) {
    for (const Value& item : source.items()) take(item);
  } else {
    take(source);
  }
  return {Value::Type::map, map.line(), copy_items(items, memory), copy_items(keys, memory).data()};
}

class YamlToTree final : public YamlHandler {
 public:
  explicit YamlToTree(TreeBuilder& builder) : builder_(builder) {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(Value::null(line_of(mark)), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    Memory& memory = builder_.memory();
    if (builder_.expects_key() && anchor == 0) return builder_.key(copy(text, memory));
    add(is_resolved_by_text(tag, mark)
            ? resolve(text, line_of(mark), memory)
            : Value(Value::Type::text, line_of(mark), copy(text, memory)),
        anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refused{"an alias stands inside what it names", line_of(mark)};
    }
    const Weight weight = weigh(found->second);
    alias_values_ += weight.values;
    alias_bytes_ += weight.bytes;
    if (alias_values_ > most_alias_values || alias_bytes_ > most_alias_bytes) {
      throw Refused{"aliases repeat too much", line_of(mark)};
    }
    if (builder_.depth() + depth_of(found->second) > Limits::depth) throw too_deep(mark);
    add(found->second.at_line(line_of(mark)), 0);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(Value::Type::list, mark, anchor);
  }
  void OnSequenceEnd() override { end(builder_.take_innermost()); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(Value::Type::map, mark, anchor);
  }
  void OnMapEnd() override {
    const Value map = builder_.take_innermost();
    end(merge_keys(map, builder_.memory()));
  }

 private:
  void begin_document(unsigned) override { anchors_.clear(); }

  static std::size_t depth_of(const Value& value) {
    std::size_t deepest = 0;
    for (const Value& item : value.items()) deepest = std::max(deepest, depth_of(item));
    return deepest + 1;
  }
  static Refused too_deep(const YAML::Mark& mark) {
    return {
        "lists and maps inside one another more than " + std::to_string(Limits::depth) + " deep",
        line_of(mark)};
  }

  void add(const Value& value, YAML::anchor_t anchor) {
    if (builder_.expects_key()) {
      if (value.type() == Value::Type::null || value.type() == Value::Type::list ||
          value.type() == Value::Type::map) {
        throw Refused{"a key must be text", value.line()};
      }
      remember(anchor, value);
      return builder_.key(value.type() == Value::Type::boolean ? (value.flag() ? "true" : "false")
                                                               : value.text());
    }
    remember(anchor, value);
    builder_.scalar(value);
  }
  void remember(YAML::anchor_t anchor, const Value& value) {
    if (anchor != 0) anchors_[anchor] = copy(value, builder_.memory_of_root());
  }
  void begin(Value::Type type, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (builder_.expects_key()) throw Refused{"a key must be text", line_of(mark)};
    if (!builder_.begin(type, line_of(mark))) throw too_deep(mark);
    open_anchors_.push_back(anchor);
  }
  void end(const Value& whole) {
    remember(open_anchors_.back(), whole);
    open_anchors_.pop_back();
    builder_.end(whole);
  }

  TreeBuilder& builder_;
  std::map<YAML::anchor_t, Value> anchors_;
  std::vector<YAML::anchor_t> open_anchors_;
  std::size_t alias_values_ = 0;
  std::size_t alias_bytes_ = 0;
};

}  // namespace

std::optional<TextError> read_yaml(std::string_view text, TreeBuilder& builder) {
  YamlToTree handler(builder);
  return parse_yaml(text, handler);
}

}  // namespace paddock::metadata
