// SPDX-License-Identifier: Apache-2.0
#include "documents/render.hpp"

#include "documents/number.hpp"
#include "documents/yaml_scalar.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>

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

// "0=name", "0/" or "0". A name that is no text is passed over.
void append_element_line(std::string& out, std::size_t index, const Node& element) {
  out += std::to_string(index);
  const auto* map = std::get_if<MapPtr>(&element);
  for (const char* key : {"name", "uuid"}) {
    const auto value = map != nullptr ? (*map)->find(key) : std::nullopt;
    const auto* name = value ? std::get_if<std::string>(&*value) : nullptr;
    if (name == nullptr) continue;
    out += '=';
    append_form_escaped(out, *name);
    out += '\n';
    return;
  }
  out += is_container(element) ? "/\n" : "\n";
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
      out += json_number(std::get<double>(node));
      break;
    case 4:
      append_json_text(out, std::get<std::string>(node));
      break;
    default:
      out += "null";
  }
}

void append_scalar_yaml(std::string& out, const Node& node, std::size_t indent) {
  if (const auto* text = std::get_if<std::string>(&node)) {
    append_yaml_text(out, *text, indent + 2);
  } else if (const auto* number = std::get_if<double>(&node)) {
    out += yaml_number(*number);
  } else {
    append_scalar_json(out, node);
  }
  out += '\n';
}

// Writes a node whose first line begins at the present place; further lines are indented.
void append_yaml(std::string& out, const Node& node, std::size_t indent);

void append_map_yaml(std::string& out, const Map& map, std::size_t indent) {
  const auto keys = map.keys();
  if (keys.empty()) out += "{}\n";
  bool is_first = true;
  for (const auto key : keys) {
    if (!std::exchange(is_first, false)) out.append(indent, ' ');
    append_yaml_key(out, key);
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
      const Node element = (*list)->at(i);
      append_yaml(out, element, is_container(element) ? indent + 2 : indent);
    }
  } else {
    append_scalar_yaml(out, node, indent);
  }
}

}  // namespace

std::string render_text(const Node& node) {
  std::string text;
  if (const auto* map = std::get_if<MapPtr>(&node)) {
    // Sorted as they are written: an escaped key may come elsewhere than the bare one.
    std::vector<std::string> lines;
    for (const auto key : (*map)->keys()) {
      std::string& line = lines.emplace_back();
      append_form_escaped(line, key);
      line += is_container((*map)->find(key).value_or(Node())) ? "/\n" : "\n";
    }
    std::sort(lines.begin(), lines.end());
    for (const auto& line : lines) text += line;
    return text;
  }
  if (const auto* list = std::get_if<ListPtr>(&node)) {
    for (std::size_t i = 0; i < (*list)->size(); ++i) append_element_line(text, i, (*list)->at(i));
    return text;
  }
  if (const auto* scalar = std::get_if<std::string>(&node)) return *scalar;
  if (const auto* number = std::get_if<double>(&node)) return text_number(*number);
  if (node.index() == 0) return {};
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
