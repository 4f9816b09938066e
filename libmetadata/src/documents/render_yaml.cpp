// SPDX-License-Identifier: Apache-2.0
//
// Documents as YAML in block style with sorted keys.
#include "documents/number.hpp"
#include "documents/render.hpp"
#include "documents/yaml_order.hpp"
#include "documents/yaml_scalar.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace paddock::metadata::documents {
namespace {

using MapPtr = std::shared_ptr<const Map>;
using ListPtr = std::shared_ptr<const List>;

void append_scalar_yaml(std::string& out, const Node& node, YamlPlace place) {
  if (const auto text = text_of(node)) {
    append_yaml_text(out, *text, place);
  } else if (const auto* number = std::get_if<double>(&node)) {
    out += yaml_number(*number);
  } else {
    append_scalar_json(out, node);
  }
  out += '\n';
}

class YamlRenderer final : public Renderer {
 public:
  explicit YamlRenderer(Node node) : first_(std::move(node)) {}
  bool append(std::string& out, std::size_t bytes) override {
    const std::size_t limit = out.size() + bytes;
    if (!std::exchange(has_begun_, true)) begin(out, first_, {.column = 0, .indent = 0});
    while (!frames_.empty()) {
      if (out.size() >= limit) return true;
      step(out, frames_.back());
    }
    return false;
  }

 private:
  // A map or list that has something in it; its lines are indented.
  struct Frame {
    ListPtr list;  // null: a map
    MapPtr map;    // the keys borrow from it
    std::vector<Map::Entry> entries;
    std::size_t size = 0;
    std::size_t indent = 0;
    std::size_t next = 0;
  };

  // Writes a node whose first line begins at the present place; those of a map or list are indented
  // by `place.indent`, those of a text further.
  void begin(std::string& out, const Node& node, YamlPlace place) {
    if (const auto* map = std::get_if<MapPtr>(&node)) {
      auto entries = (*map)->entries();
      if (entries.empty()) out += "{}\n";
      push(*map, std::move(entries), place.indent);
    } else if (const auto* list = std::get_if<ListPtr>(&node)) {
      const std::size_t size = (*list)->size();
      if (size == 0) out += "[]\n";
      if (size > 0) frames_.push_back({*list, nullptr, {}, size, place.indent, 0});
    } else {
      append_scalar_yaml(out, node, {.column = place.column, .indent = place.indent + 2});
    }
  }

  void push(const MapPtr& map, std::vector<Map::Entry> entries, std::size_t indent) {
    const std::size_t size = entries.size();
    sort_for_yaml(entries);
    if (size > 0) frames_.push_back({nullptr, map, std::move(entries), size, indent, 0});
  }

  // Behind "key:", which begins at `indent` and has so many letters.
  void begin_child(std::string& out, const Node& child, std::size_t indent, std::size_t letters) {
    const auto* list = std::get_if<ListPtr>(&child);
    if (const auto* map = std::get_if<MapPtr>(&child)) {
      auto entries = (*map)->entries();
      if (entries.empty()) {
        out += " {}\n";
      } else {
        out.append(1, '\n').append(indent + 2, ' ');
      }
      push(*map, std::move(entries), indent + 2);
    } else if (list != nullptr && (*list)->size() > 0) {
      out.append(1, '\n').append(indent, ' ');  // a list stands as far left as its key
      begin(out, child, {.column = indent, .indent = indent});
    } else {
      out += ' ';
      begin(out, child, {.column = indent + letters + 1, .indent = indent});
    }
  }

  // `frame` may move when a child begins.
  void step(std::string& out, Frame& frame) {
    const std::size_t place = frame.next++;
    const std::size_t indent = frame.indent;
    if (place == frame.size) {
      frames_.pop_back();
      return;
    }
    if (place > 0) out.append(indent, ' ');
    if (frame.list) {
      out += "- ";
      const Node element = frame.list->at(place);
      begin(out, element,
            {.column = indent + 2, .indent = is_container(element) ? indent + 2 : indent});
      return;
    }
    const std::size_t before = out.size();
    append_yaml_key(out, frame.entries[place].key);
    out += ':';
    const auto letters = static_cast<std::size_t>(
        std::count_if(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
                      [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
    const Node child = std::move(frame.entries[place].value);
    begin_child(out, child, indent, letters);
  }

  Node first_;
  bool has_begun_ = false;
  std::vector<Frame> frames_;
};

}  // namespace

std::unique_ptr<Renderer> yaml_renderer(Node node) {
  return std::make_unique<YamlRenderer>(std::move(node));
}

}  // namespace paddock::metadata::documents
