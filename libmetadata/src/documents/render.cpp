// SPDX-License-Identifier: Apache-2.0
#include "documents/render.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace paddock::metadata::documents {
namespace {

using MapPtr = std::shared_ptr<const Map>;
using ListPtr = std::shared_ptr<const List>;

// application/x-www-form-urlencoded, as Go's url.QueryEscape.
void append_form_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
        c == '_' || c == '.' || c == '~') {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += "0123456789ABCDEF"[byte >> 4];
      out += "0123456789ABCDEF"[byte & 15];
    }
  }
}

// Six digits after the point, without the zeros at the end.
std::string decimal(double number) {
  char digits[400];
  const int size = std::snprintf(digits, sizeof digits, "%.6f", number);
  std::string text(digits, static_cast<std::size_t>(size));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

// The shortest text that reads as the same number.
std::string exact(double number) {
  if (!std::isfinite(number)) return "null";
  char digits[40];
  for (int precision = 15; precision <= 17; ++precision) {
    std::snprintf(digits, sizeof digits, "%.*g", precision, number);
    if (std::strtod(digits, nullptr) == number) break;
  }
  return digits;
}

// "0=name", "0/" or "0".
void append_element_line(std::string& line, std::size_t index, const Node& element) {
  line = std::to_string(index);
  if (!is_container(element)) return;
  if (const auto* map = std::get_if<MapPtr>(&element)) {
    for (const char* key : {"name", "uuid"}) {
      const auto value = (*map)->find(key);
      const auto* name = value ? std::get_if<std::string>(&*value) : nullptr;
      if (name == nullptr || name->empty()) continue;
      line += '=';
      append_form_escaped(line, *name);
      return;
    }
  }
  line += '/';
}

std::string joined(std::vector<std::string>& lines) {
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const auto& line : lines) text.append(line).append("\n");
  return text;
}

void append_scalar_json(std::string& out, const Node& node) {
  switch (node.index()) {
    case 1:
      out += std::get<bool>(node) ? "true" : "false";
      break;
    case 2:
      out += std::to_string(std::get<std::int64_t>(node));
      break;
    case 3:
      out += exact(std::get<double>(node));
      break;
    case 4:
      append_json_text(out, std::get<std::string>(node));
      break;
    default:
      out += "null";
  }
}

// Whether YAML reads the bare text as that text and nothing else.
bool is_plain(std::string_view text) {
  static constexpr std::string_view words[] = {"null", "true", "false", "yes", "no",
                                               "on",   "off",  "y",     "n"};
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  const char first = text.front();
  const bool begins_well = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
                           first == '/' || first == '_';
  if (!begins_well) return false;
  std::string lowered;
  for (const char c : text) {
    const bool is_alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_alphanumeric && std::string_view(" _-./+=@").find(c) == std::string_view::npos) {
      return false;
    }
    lowered += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return std::find(std::begin(words), std::end(words), lowered) == std::end(words);
}

void append_scalar_yaml(std::string& out, const Node& node) {
  const auto* text = std::get_if<std::string>(&node);
  if (text != nullptr && is_plain(*text)) {
    out += *text;
  } else {
    append_scalar_json(out, node);  // JSON is YAML
  }
}

void append_key_yaml(std::string& out, std::string_view key) {
  if (is_plain(key)) {
    out += key;
  } else {
    append_json_text(out, key);
  }
}

// Writes a node whose first line begins at the present place; further lines are indented.
void append_yaml(std::string& out, const Node& node, std::size_t indent);

void append_map_yaml(std::string& out, const Map& map, std::size_t indent) {
  const auto keys = map.keys();
  if (keys.empty()) out += "{}\n";
  bool is_first = true;
  for (const auto key : keys) {
    if (!std::exchange(is_first, false)) out.append(indent, ' ');
    append_key_yaml(out, key);
    out += ':';
    const Node child = map.find(key).value_or(Node());
    const auto* list = std::get_if<ListPtr>(&child);
    const auto* inner = std::get_if<MapPtr>(&child);
    if (list != nullptr && (*list)->size() > 0) {
      out += '\n';
      out.append(indent, ' ');  // a list stands as far left as its key
      append_yaml(out, child, indent);
    } else if (inner != nullptr && !(*inner)->keys().empty()) {
      out += '\n';
      out.append(indent + 2, ' ');
      append_yaml(out, child, indent + 2);
    } else {
      out += ' ';
      append_yaml(out, child, indent);
    }
  }
}

void append_yaml(std::string& out, const Node& node, std::size_t indent) {
  if (const auto* map = std::get_if<MapPtr>(&node)) {
    append_map_yaml(out, **map, indent);
  } else if (const auto* list = std::get_if<ListPtr>(&node)) {
    if ((*list)->size() == 0) out += "[]\n";
    for (std::size_t i = 0; i < (*list)->size(); ++i) {
      if (i > 0) out.append(indent, ' ');
      out += "- ";
      append_yaml(out, (*list)->at(i), indent + 2);
    }
  } else {
    append_scalar_yaml(out, node);
    out += '\n';
  }
}

}  // namespace

std::string render_text(const Node& node) {
  std::vector<std::string> lines;
  if (const auto* map = std::get_if<MapPtr>(&node)) {
    for (const auto key : (*map)->keys()) {
      std::string& line = lines.emplace_back();
      append_form_escaped(line, key);
      if (is_container((*map)->find(key).value_or(Node()))) line += '/';
    }
    return joined(lines);
  }
  if (const auto* list = std::get_if<ListPtr>(&node)) {
    for (std::size_t i = 0; i < (*list)->size(); ++i) {
      append_element_line(lines.emplace_back(), i, (*list)->at(i));
    }
    return joined(lines);
  }
  if (const auto* text = std::get_if<std::string>(&node)) return *text;
  if (const auto* number = std::get_if<double>(&node)) return decimal(*number);
  if (node.index() == 0) return {};
  std::string text;
  append_scalar_json(text, node);
  return text;
}

std::string render_yaml(const Node& node) {
  std::string text;
  append_yaml(text, node, 0);
  return text;
}

std::string render_json(const Node& node) {
  std::string text;
  JsonRenderer renderer(node);
  while (renderer.append(text, 1U << 20U)) {
  }
  return text;
}

JsonRenderer::JsonRenderer(Node node) : first_(std::move(node)) {}

void JsonRenderer::begin(std::string& out, const Node& node) {
  if (const auto* map = std::get_if<MapPtr>(&node)) {
    out += '{';
    frames_.push_back({*map, nullptr, (*map)->keys(), 0});
  } else if (const auto* list = std::get_if<ListPtr>(&node)) {
    out += '[';
    frames_.push_back({nullptr, *list, {}, 0});
  } else {
    append_scalar_json(out, node);
  }
}

bool JsonRenderer::append(std::string& out, std::size_t bytes) {
  const std::size_t limit = out.size() + bytes;
  if (!std::exchange(has_begun_, true)) begin(out, first_);
  while (!frames_.empty()) {
    if (out.size() >= limit) return true;
    Frame& frame = frames_.back();
    const std::size_t place = frame.next++;
    if (place == (frame.map ? frame.keys.size() : frame.list->size())) {
      out += frame.map ? '}' : ']';
      frames_.pop_back();
      continue;
    }
    if (place > 0) out += ',';
    if (!frame.map) {
      begin(out, frame.list->at(place));
      continue;
    }
    append_json_text(out, frame.keys[place]);
    out += ':';
    begin(out, frame.map->find(frame.keys[place]).value_or(Node()));
  }
  return false;
}

}  // namespace paddock::metadata::documents
