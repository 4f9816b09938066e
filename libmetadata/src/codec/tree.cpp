// SPDX-License-Identifier: Apache-2.0
#include "codec/tree.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>
#include <memory>
#include <vector>

namespace paddock::metadata {
namespace {

// A copy of what stands at `first` and behind it, which is taken off.
template <class Stack>
auto* take_tail(Stack& stack, std::size_t first, std::pmr::memory_resource& memory) {
  using T = typename Stack::value_type;
  const auto begin = stack.begin() + static_cast<std::ptrdiff_t>(first);
  T* const taken =
      std::pmr::polymorphic_allocator<>(&memory).allocate_object<T>(stack.size() - first);
  std::uninitialized_copy(begin, stack.end(), taken);
  stack.erase(begin, stack.end());
  return taken;
}

// As sorting does, without its memory, for the few keys that maps have.
std::optional<std::string_view> duplicate_of_few(std::span<const std::string_view> keys) {
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    if (std::find(keys.begin(), key, *key) != key) return *key;
  }
  return std::nullopt;
}

}  // namespace

const Value* Value::find(std::string_view key) const noexcept {
  const auto all = keys();
  const auto found = std::find(all.begin(), all.end(), key);
  if (found == all.end()) return nullptr;
  const Value& value = items_[found - all.begin()];
  return value.type_ == Type::null ? nullptr : &value;
}

std::optional<std::string_view> Value::duplicate_key() const {
  constexpr std::size_t few = 16;
  const auto all = keys();
  if (all.size() <= few) return duplicate_of_few(all);
  std::vector<std::string_view> sorted(all.begin(), all.end());
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  return twice == sorted.end() ? std::nullopt : std::optional(*twice);
}

void append_value(std::string& out, const Value& value) {
  switch (value.type()) {
    case Value::Type::null:
      out += "null";
      return;
    case Value::Type::boolean:
      out += value.flag() ? "true" : "false";
      return;
    case Value::Type::number:
      out += value.text();
      return;
    case Value::Type::text:
      append_json_text(out, value.text());
      return;
    case Value::Type::list:
    case Value::Type::map:
      break;
  }
  const bool is_map = value.type() == Value::Type::map;
  out += is_map ? '{' : '[';
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    if (i > 0) out += ',';
    if (is_map) {
      append_json_text(out, value.keys()[i]);
      out += ':';
    }
    append_value(out, value.items()[i]);
  }
  out += is_map ? '}' : ']';
}

bool TreeBuilder::begin(Value::Type type, unsigned line) {
  forget_delivered();
  if (open_.size() >= Limits::depth) return false;
  if (lists_ == Lists::split && !open_.empty() && is_delivered_alone()) outside_ = open_.size();
  open_.emplace_back(type, line, keys_.size(), items_.size());
  return true;
}

bool TreeBuilder::expects_key() const noexcept {
  return !open_.empty() && open_.back().type == Value::Type::map &&
         keys_.size() - open_.back().first_key == items_.size() - open_.back().first_item;
}

bool TreeBuilder::is_member() const noexcept {
  if (open_.back().type != Value::Type::list) return false;
  return open_.size() == 1 ||
         (open_.size() == 2 && open_.front().type == Value::Type::map && keys_.back() == "objects");
}

void TreeBuilder::forget_delivered() {
  if (!is_delivered_) return;
  is_delivered_ = false;
  inner_.release();
  if (open_.empty()) outer_.release();
}

std::pmr::memory_resource& TreeBuilder::memory() {
  forget_delivered();
  return open_.size() > outside_ || is_delivered_alone() ? inner_ : outer_;
}

void TreeBuilder::deliver(const Value& value) {
  is_delivered_ = true;
  sink_(value);
}

Value TreeBuilder::take_innermost() {
  const Open& open = open_.back();
  const std::size_t count = items_.size() - open.first_item;
  if (count == 0) return {open.type, open.line, std::span<const Value>(), nullptr};
  std::pmr::memory_resource& own = memory();
  const Value* const items = take_tail(items_, open.first_item, own);
  return {open.type, open.line, std::span(items, count),
          open.type == Value::Type::map ? take_tail(keys_, open.first_key, own) : nullptr};
}

void TreeBuilder::end(const Value& whole) {
  open_.pop_back();
  if (open_.size() == outside_ && lists_ == Lists::split) outside_ = nowhere;
  const bool was_delivered_in_parts =
      lists_ == Lists::split && open_.empty() && whole.type() == Value::Type::list;
  if (was_delivered_in_parts) {
    is_delivered_ = true;
  } else {
    scalar(whole);
  }
}

}  // namespace paddock::metadata
