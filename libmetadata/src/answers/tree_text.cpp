// SPDX-License-Identifier: Apache-2.0
#include "answers/tree_text.hpp"

#include "answers/yaml_tree.hpp"
#include "documents/fields.hpp"

#include <charconv>

namespace paddock::metadata::answers {
namespace {

using documents::Node;

Node number_of(std::string_view text) {
  const char* const end = text.data() + text.size();
  std::int64_t integer = 0;
  const auto whole = std::from_chars(text.data(), end, integer);
  if (whole.ec == std::errc{} && whole.ptr == end) return integer;
  double number = 0;
  std::from_chars(text.data(), end, number);
  return number;
}

Node node_of(const Value& value, std::vector<TextError>& doubts) {
  switch (value.type()) {
    case Value::Type::null:
      return {};
    case Value::Type::boolean:
      return value.flag();
    case Value::Type::number:
      return number_of(value.text());
    case Value::Type::text:
      return std::string(value.text());
    case Value::Type::list: {
      std::vector<Node> nodes;
      nodes.reserve(value.items().size());
      for (const Value& item : value.items()) nodes.push_back(node_of(item, doubts));
      return documents::list_of(std::move(nodes));
    }
    case Value::Type::map:
      break;
  }
  Entries entries;
  entries.reserve(value.items().size());
  std::vector<unsigned> lines;
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    const Value& item = value.items()[i];
    lines.push_back(item.line());
    entries.emplace_back(value.keys()[i], node_of(item, doubts));
  }
  return map_of_last(std::move(entries), lines, doubts);
}

TreeText read_as_json(std::string_view text) {
  TreeText read;
  TreeBuilder builder(TreeBuilder::Lists::whole,
                      [&read](const Value& value) { read.root = node_of(value, read.doubts); });
  read.error = read_json(text, builder);
  if (read.error) read.root = {};
  return read;
}

}  // namespace

TreeText read_tree_text(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  std::optional<TextError> not_json;
  if (start != std::string_view::npos && (text[start] == '{' || text[start] == '[')) {
    TreeText read = read_as_json(text);
    if (!read.error) return read;
    not_json = std::move(read.error);
  }
  // YAML may begin with a brace too; but of a text that is neither, the JSON sentence is told.
  TreeText read = read_yaml_tree(text);
  if (read.error && not_json) read.error = std::move(not_json);
  return read;
}

TreeTexts read_json_texts(std::string_view text) {
  TreeTexts read;
  TreeBuilder builder(TreeBuilder::Lists::whole, [&read](const Value& value) {
    read.roots.push_back(node_of(value, read.doubts));
  });
  read.error = read_json_sequence(text, builder);
  return read;
}

}  // namespace paddock::metadata::answers
