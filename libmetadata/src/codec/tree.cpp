// SPDX-License-Identifier: Apache-2.0
#include "codec/tree.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>
#include <iterator>

namespace paddock::metadata {
namespace {

// Moves what stands at `first` and behind it.
template <class T>
void move_tail(std::vector<T>& from, std::size_t first, std::vector<T>& to) {
  const auto begin = from.begin() + static_cast<std::ptrdiff_t>(first);
  to.insert(to.end(), std::make_move_iterator(begin), std::make_move_iterator(from.end()));
  from.erase(begin, from.end());
}

// As sorting does, without its memory, for the few keys that maps have.
std::optional<std::string_view> duplicate_of_few(const std::vector<std::string>& keys) {
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    if (std::find(keys.begin(), key, *key) != key) return *key;
  }
  return std::nullopt;
}

}  // namespace

const Value* Value::find(std::string_view key) const noexcept {
  const auto found = std::find(keys.begin(), keys.end(), key);
  if (found == keys.end()) return nullptr;
  const Value& value = items[static_cast<std::size_t>(found - keys.begin())];
  return value.type == Type::null ? nullptr : &value;
}

std::optional<std::string_view> Value::duplicate_key() const {
  constexpr std::size_t few = 16;
  if (keys.size() <= few) return duplicate_of_few(keys);
  std::vector<std::string_view> sorted(keys.begin(), keys.end());
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  return twice == sorted.end() ? std::nullopt : std::optional(*twice);
}

void append_value(std::string& out, const Value& value) {
  switch (value.type) {
    case Value::Type::null:
      out += "null";
      return;
    case Value::Type::boolean:
      out += value.flag ? "true" : "false";
      return;
    case Value::Type::number:
      out += value.text;
      return;
    case Value::Type::text:
      append_json_text(out, value.text);
      return;
    case Value::Type::list:
    case Value::Type::map:
      break;
  }
  const bool is_map = value.type == Value::Type::map;
  out += is_map ? '{' : '[';
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ',';
    if (is_map) {
      append_json_text(out, value.keys[i]);
      out += ':';
    }
    append_value(out, value.items[i]);
  }
  out += is_map ? '}' : ']';
}

bool TreeBuilder::begin(Value::Type type, unsigned line) {
  if (open_.size() >= Limits::depth) return false;
  Open& opened = open_.emplace_back(Open{{}, keys_.size(), items_.size()});
  opened.value.type = type;
  opened.value.line = line;
  return true;
}

void TreeBuilder::key(std::string_view key) { keys_.emplace_back(key); }

bool TreeBuilder::expects_key() const noexcept {
  return !open_.empty() && open_.back().value.type == Value::Type::map &&
         keys_.size() - open_.back().first_key == items_.size() - open_.back().first_item;
}

bool TreeBuilder::is_delivered_alone() const noexcept {
  if (open_.empty()) return true;
  if (lists_ == Lists::whole || open_.back().value.type != Value::Type::list) return false;
  return open_.size() == 1 || (open_.size() == 2 && open_.front().value.type == Value::Type::map &&
                               keys_.back() == "objects");
}

void TreeBuilder::scalar(Value value) {
  if (is_delivered_alone()) {
    sink_(std::move(value));
  } else {
    items_.push_back(std::move(value));
  }
}

Value& TreeBuilder::innermost() {
  Open& open = open_.back();
  move_tail(keys_, open.first_key, open.value.keys);
  move_tail(items_, open.first_item, open.value.items);
  return open.value;
}

void TreeBuilder::end() {
  Value closed = std::move(innermost());
  open_.pop_back();
  const bool was_delivered_in_parts =
      lists_ == Lists::split && open_.empty() && closed.type == Value::Type::list;
  if (!was_delivered_in_parts) scalar(std::move(closed));
}

}  // namespace paddock::metadata
