// SPDX-License-Identifier: Apache-2.0
#include "codec/tree.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>

namespace paddock::metadata {

const Value* Value::find(std::string_view key) const noexcept {
  const auto found = std::find(keys.begin(), keys.end(), key);
  if (found == keys.end()) return nullptr;
  const Value& value = items[static_cast<std::size_t>(found - keys.begin())];
  return value.type == Type::null ? nullptr : &value;
}

std::optional<std::string_view> Value::duplicate_key() const {
  if (keys.size() < 2) return std::nullopt;
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
  Value& opened = open_.emplace_back();
  opened.type = type;
  opened.line = line;
  return true;
}

void TreeBuilder::key(std::string key) { open_.back().keys.push_back(std::move(key)); }

bool TreeBuilder::expects_key() const noexcept {
  return !open_.empty() && open_.back().type == Value::Type::map &&
         open_.back().keys.size() == open_.back().items.size();
}

bool TreeBuilder::is_delivered_alone() const noexcept {
  if (open_.empty()) return true;
  if (lists_ == Lists::whole || open_.back().type != Value::Type::list) return false;
  return open_.size() == 1 || (open_.size() == 2 && open_.front().type == Value::Type::map &&
                               open_.front().keys.back() == "objects");
}

void TreeBuilder::scalar(Value value) {
  if (is_delivered_alone()) {
    sink_(std::move(value));
  } else {
    open_.back().items.push_back(std::move(value));
  }
}

void TreeBuilder::end() {
  Value closed = std::move(open_.back());
  open_.pop_back();
  const bool was_delivered_in_parts =
      lists_ == Lists::split && open_.empty() && closed.type == Value::Type::list;
  if (!was_delivered_in_parts) scalar(std::move(closed));
}

}  // namespace paddock::metadata
