// SPDX-License-Identifier: Apache-2.0
#include "codec/reader.hpp"

#include "model/address_text.hpp"

#include <charconv>
#include <span>

namespace paddock::metadata {
namespace {

constexpr std::size_t longest_any = 1U << 20U;
constexpr std::size_t longest_map = 256U << 10U;

// What is wrong with a value that is to be text and keep to the rule; null: nothing.
const char* wrong_text(const Value& value, Rule rule) {
  if (value.type() == Value::Type::text) {
    return value.text().empty() ? nullptr : broken(rule, value.text());
  }
  return value.type() == Value::Type::number || value.type() == Value::Type::boolean
             ? "must be text: write it in quotes"
             : "must be text";
}

std::string indexed(std::string_view key, std::size_t index) {
  return std::string(key) + "[" + std::to_string(index) + "]";
}

// "ports[1]"
std::string format(const Place& place) {
  std::string path = place.around == nullptr ? std::string() : format(*place.around) + ".";
  return path +
         (place.index == Place::alone ? std::string(place.key) : indexed(place.key, place.index));
}

// How many letters differ, as far as it matters for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({change, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

std::string unknown_message(std::string_view key, std::span<const std::string_view> known) {
  constexpr std::size_t longest_key = 64;
  std::string message = "is no field here";
  if (key.size() > longest_key) return message;
  std::string_view nearest;
  std::size_t least = std::min<std::size_t>(3, key.size() / 2 + 1);
  for (const std::string_view candidate : known) {
    const std::size_t letters = distance(key, candidate);
    if (letters < least) {
      least = letters;
      nearest = candidate;
    }
  }
  if (!nearest.empty()) message.append("; did you mean ").append(nearest).append("?");
  return message;
}

}  // namespace

void ProblemList::add(std::string field, std::string message, unsigned line) {
  if (problems_.size() >= Limits::problems) return;
  problems_.push_back({std::move(field), std::move(message), {}, line, {}});
}

void Reader::wrong(std::string_view key, std::string message, unsigned line) {
  const std::string path = place_ == nullptr ? std::string() : format(*place_) + ".";
  problems_.add(path + std::string(key), std::move(message), line);
}

void Reader::wrong_item(std::string_view key, std::size_t index, const Value& item,
                        std::string message) {
  wrong(indexed(key, index), std::move(message), item.line());
}

void Reader::is_no_map() { problems_.add(format(*place_), "must be a map", map_.line()); }

// Who writes has the order in which we ask, so what comes next is mostly what is asked for.
const Value* Reader::know(std::string_view key) {
  // In two parts, as it came: whole, it would be read back before both are written.
  known_.emplace_back(key.data(), key.size());
  const auto keys = map_.keys();
  std::size_t index = met_;
  while (index < keys.size() && keys[index] != key) ++index;
  if (index == keys.size()) return nullptr;
  if (index == met_) ++met_;
  const Value& value = map_.items()[index];
  return value.type() == Value::Type::null ? nullptr : &value;
}

const Value* Reader::find(std::string_view key, Value::Type type, const char* otherwise) {
  const Value* value = know(key);
  if (value == nullptr || value->type() == type) return value;
  wrong(key, otherwise, value->line());
  return nullptr;
}

const Value* Reader::find_text(std::string_view key, Rule rule) {
  const Value* value = know(key);
  if (value == nullptr) return nullptr;
  const char* message = wrong_text(*value, rule);
  if (message != nullptr) wrong(key, message, value->line());
  return message == nullptr ? value : nullptr;
}

void Reader::text(std::string_view key, Text& field, Rule rule) {
  if (const Value* value = find_text(key, rule)) field = value->text();
}

void Reader::repeated(std::string_view key, Text& field, Rule rule, std::string_view absent) {
  const Value* value = find_text(key, rule);
  if (value != nullptr && value->text() != absent) field = Text::shared(value->text());
}

void Reader::defaulted(std::string_view key, Text& field, Rule rule, const Text& absent) {
  text(key, field, rule);
  if (field.empty() || field == absent) field = absent;
}

void Reader::boolean(std::string_view key, bool& field, bool absent) {
  const Value* value = find(key, Value::Type::boolean, "must be true or false");
  field = value == nullptr ? absent : value->flag();
}

void Reader::protocol(std::string_view key, Protocol& field) {
  const Value* value = find(key, Value::Type::text, "must be TCP, UDP or SCTP");
  if (value == nullptr) return;
  for (const Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
    if (value->text() == protocol_name(protocol)) {
      field = protocol;
      return;
    }
  }
  wrong(key, "must be TCP, UDP or SCTP", value->line());
}

void Reader::addresses(std::string_view key, Addresses& field) {
  const Value* list = find(key, Value::Type::list, "must be a list of addresses");
  if (list == nullptr) return;
  boost::container::small_vector<boost::asio::ip::address, 4> found;
  for (std::size_t i = 0; i < list->items().size(); ++i) {
    const Value& item = list->items()[i];
    const auto address = item.type() == Value::Type::text
                             ? parse_address(item.text())
                             : std::optional<boost::asio::ip::address>();
    if (address) {
      found.push_back(*address);
    } else {
      wrong_item(key, i, item, broken(Rule::address, ""));
    }
  }
  field = Addresses(std::span<const boost::asio::ip::address>(found));
}

void Reader::required_addresses(std::string_view key, Addresses& field) {
  addresses(key, field);
  const Value* value = map_.find(key);
  if (value == nullptr || (value->type() == Value::Type::list && value->items().empty())) {
    wrong(key, "must hold at least one address", map_.line());
  }
}

void Reader::prefixes(std::string_view key, List<Prefix>& field) {
  const Value* list = find(key, Value::Type::list, "must be a list of subnets");
  if (list == nullptr) return;
  std::vector<Prefix> found;
  for (std::size_t i = 0; i < list->items().size(); ++i) {
    const Value& item = list->items()[i];
    const auto prefix =
        item.type() == Value::Type::text ? parse_prefix(item.text()) : std::optional<Prefix>();
    if (prefix) {
      found.push_back(*prefix);
    } else {
      wrong_item(key, i, item,
                 "must be a subnet as 10.42.0.0/16, without bits set beyond its length");
    }
  }
  field = List<Prefix>(std::move(found));
}

void Reader::texts(std::string_view key, Texts& field, Rule rule) {
  const Value* list = find(key, Value::Type::list, "must be a list of text");
  if (list == nullptr) return;
  std::vector<Text> found;
  for (std::size_t i = 0; i < list->items().size(); ++i) {
    const Value& item = list->items()[i];
    const bool is_empty = item.type() == Value::Type::text && item.text().empty();
    if (const char* message = is_empty ? "must not be empty" : wrong_text(item, rule)) {
      wrong_item(key, i, item, message);
    } else {
      found.push_back(Text::shared(item.text()));
    }
  }
  field = Texts(std::move(found));
}

void Reader::map(std::string_view key, TextMap& field, Rule key_rule, Rule value_rule) {
  const Value* value = find(key, Value::Type::map, "must be a map of text to text");
  if (value == nullptr) return;
  std::vector<TextPair> pairs;
  pairs.reserve(value->items().size());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < value->items().size(); ++i) {
    const std::string_view label = value->keys()[i];
    const Value& item = value->items()[i];
    const auto wrong_pair = [&](const char* message) {
      wrong(std::string(key) + "[\"" + std::string(label) + "\"]", message, item.line());
    };
    const char* message = label.empty() ? "a key must not be empty" : broken(key_rule, label);
    if (message != nullptr) wrong_pair(message);
    if (const char* wrong_value = wrong_text(item, value_rule)) {
      wrong_pair(wrong_value);
      continue;
    }
    bytes += label.size() + item.text().size();
    pairs.push_back({Text::shared(label), Text::shared(item.text())});
  }
  if (const auto twice = value->duplicate_key()) {
    wrong(key, "has the key " + std::string(*twice) + " twice", value->line());
  }
  if (bytes > longest_map) wrong(key, "must be at most 262144 bytes in all", value->line());
  field = TextMap::shared(std::move(pairs));
}

void Reader::check_any(std::string_view key, const Value& value) {
  if (const auto twice = value.duplicate_key()) {
    wrong(key, "has the key " + std::string(*twice) + " twice in one map", value.line());
  }
  for (const Value& item : value.items()) check_any(key, item);
}

void Reader::any(std::string_view key, Text& field) {
  const Value* value = know(key);
  if (value == nullptr) return;
  check_any(key, *value);
  std::string json;
  append_value(json, *value);
  if (json.size() > longest_any) return wrong(key, "must be at most 1048576 bytes", value->line());
  field = Text::shared(json);
}

std::optional<std::int64_t> Reader::integer_of(std::string_view key, std::int64_t lowest,
                                               std::int64_t highest) {
  const Value* value = know(key);
  if (value == nullptr) return std::nullopt;
  std::int64_t number = 0;
  const char* end = value->text().data() + value->text().size();
  const auto [stopped, error] = std::from_chars(value->text().data(), end, number);
  if (value->type() == Value::Type::number && error == std::errc() && stopped == end &&
      number >= lowest && number <= highest) {
    return number;
  }
  std::string message = "must be a whole number from " + std::to_string(lowest);
  if (highest != std::numeric_limits<std::int64_t>::max()) {
    message += " to " + std::to_string(highest);
  }
  wrong(key, std::move(message), value->line());
  return std::nullopt;
}

void Reader::finish() {
  const auto keys = map_.keys();
  for (std::size_t i = 0; i < keys.size() && problems_.refuses_unknown(); ++i) {
    if (std::find(known_.begin(), known_.end(), keys[i]) != known_.end()) continue;
    wrong(keys[i], unknown_message(keys[i], known_), map_.items()[i].line());
  }
  if (const auto twice = map_.duplicate_key()) wrong(*twice, "is there twice", map_.line());
}

}  // namespace paddock::metadata
