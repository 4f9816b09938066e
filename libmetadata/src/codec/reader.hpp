// SPDX-License-Identifier: Apache-2.0
//
// The visitor of fields.hpp that reads a map of a tree into a struct and notes all that is wrong.
#pragma once

#include "codec/rules.hpp"
#include "codec/tree.hpp"

#include <paddock/metadata/codec.hpp>

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::metadata {

enum class UnknownKeys { refuse, ignore };

// Collects problems, at most Limits::problems, for one object.
class ProblemList {
 public:
  explicit ProblemList(UnknownKeys unknown) : unknown_(unknown) {}
  void add(std::string field, std::string message, unsigned line);
  [[nodiscard]] bool refuses_unknown() const noexcept { return unknown_ == UnknownKeys::refuse; }
  [[nodiscard]] bool empty() const noexcept { return problems_.empty(); }
  [[nodiscard]] std::vector<Problem> take() noexcept { return std::move(problems_); }

 private:
  UnknownKeys unknown_;
  std::vector<Problem> problems_;
};

// Where a map stands in its object, as in `ports[1]`. Only what is wrong has this written out.
struct Place {
  static constexpr std::size_t alone = std::numeric_limits<std::size_t>::max();
  const Place* around = nullptr;  // null: the object itself
  std::string_view key;
  std::size_t index = alone;  // in the list of the key
};

class Reader {
 public:
  // `place` lives as long as the reader; null: the map is the object.
  Reader(const Value& map, const Place* place, ProblemList& problems)
      : map_(map), place_(place), problems_(problems) {}

  void text(std::string_view key, Text& field, Rule rule);
  // For texts many objects share. The default value is read as an absent one.
  void repeated(std::string_view key, Text& field, Rule rule, std::string_view absent = {});
  // An absent text becomes `absent`.
  void defaulted(std::string_view key, Text& field, Rule rule, const Text& absent);
  void boolean(std::string_view key, bool& field, bool absent);
  void protocol(std::string_view key, Protocol& field);
  void addresses(std::string_view key, Addresses& field);
  void required_addresses(std::string_view key, Addresses& field);
  void prefixes(std::string_view key, List<Prefix>& field);
  void texts(std::string_view key, Texts& field, Rule rule);
  void map(std::string_view key, TextMap& field, Rule key_rule, Rule value_rule);
  void any(std::string_view key, Text& field);

  // A value equal to `absent` is read as 0.
  template <std::integral T>
  void integer(std::string_view key, T& field, std::int64_t lowest, std::int64_t highest,
               std::int64_t absent = 0) {
    const auto number = integer_of(key, lowest, highest);
    if (number && *number != absent) field = static_cast<T>(*number);
  }

  template <std::integral T>
  void required_integer(std::string_view key, T& field, std::int64_t lowest, std::int64_t highest) {
    if (map_.find(key) == nullptr) wrong(key, "is missing", map_.line());
    integer(key, field, lowest, highest);
  }

  template <class T, class Describe>
  void objects(std::string_view key, List<T>& field, Describe describe_item) {
    const Value* list = find(key, Value::Type::list, "must be a list of maps");
    if (list == nullptr) return;
    std::vector<T> items(list->items().size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      read_map({place_, key, i}, list->items()[i], items[i], describe_item);
    }
    field = List<T>(std::move(items));
  }

  template <class T, class Describe>
  void object(std::string_view key, std::optional<T>& field, Describe describe_item) {
    const Value* value = find(key, Value::Type::map, "must be a map");
    if (value != nullptr) read_map({place_, key}, *value, field.emplace(), describe_item);
  }

  // Names a key that is a field here. Its value; null when there is none or it is null.
  const Value* know(std::string_view key);
  // To be called after all fields: names the keys that are none, or are there twice.
  void finish();
  // Notes a problem of the field.
  void wrong(std::string_view key, std::string message, unsigned line);
  [[nodiscard]] unsigned line() const noexcept { return map_.line(); }

 private:
  template <class T, class Describe>
  void read_map(const Place& place, const Value& value, T& item, Describe describe_item) {
    Reader inner(value, &place, problems_);
    if (value.type() != Value::Type::map) return inner.is_no_map();
    describe_item(inner, item);
    inner.finish();
  }

  // The value when it is there and of the type; a wrong type is noted.
  const Value* find(std::string_view key, Value::Type type, const char* otherwise);
  const Value* find_text(std::string_view key, Rule rule);
  std::optional<std::int64_t> integer_of(std::string_view key, std::int64_t lowest,
                                         std::int64_t highest);
  void check_any(std::string_view key, const Value& value);
  void is_no_map();
  // As wrong(), of an item of the list of that key.
  void wrong_item(std::string_view key, std::size_t index, const Value& item, std::string message);

  const Value& map_;
  std::size_t met_ = 0;  // the first keys of the map, which were known in their order
  const Place* place_;
  ProblemList& problems_;
  boost::container::small_vector<std::string_view, 32> known_;  // no kind has more fields
};

// Reads a whole object. `at` as in parse_object.
[[nodiscard]] Parsed read_object(const Value& value, const Key* at, UnknownKeys unknown);

}  // namespace paddock::metadata
