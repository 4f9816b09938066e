// SPDX-License-Identifier: Apache-2.0
//
// Documents as compact JSON with sorted keys, safe to stand in HTML, as Go writes it.
#include "documents/number.hpp"
#include "documents/render.hpp"

#include <paddock/metadata/codec.hpp>

#include <charconv>
#include <utility>
#include <vector>

namespace paddock::metadata::documents {
namespace {

void append_integer(std::string& out, std::int64_t number) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_texts(std::string& out, const TextMap& texts) {
  char before = '{';
  for (const TextPair& pair : texts) {
    out += before;
    append_json_text(out, pair.key, JsonFor::html);
    out += ':';
    append_json_text(out, pair.value, JsonFor::html);
    before = ',';
  }
  out += texts.empty() ? "{}" : "}";
}

class JsonRenderer final : public Renderer {
 public:
  explicit JsonRenderer(Node node) : first_(std::move(node)) {}
  bool append(std::string& out, std::size_t bytes) override {
    const std::size_t limit = out.size() + bytes;
    if (!std::exchange(has_begun_, true)) begin(out, first_);
    while (!frames_.empty()) {
      if (out.size() >= limit) return true;
      step(out, frames_.back());
    }
    return false;
  }

 private:
  struct Frame {
    std::shared_ptr<const List> list;  // null: a map
    std::shared_ptr<const Map> map;    // the keys borrow from it
    std::vector<Map::Entry> entries;
    std::size_t size = 0;
    std::size_t next = 0;
  };

  void begin(std::string& out, const Node& node) {
    if (const auto* map = std::get_if<std::shared_ptr<const Map>>(&node)) {
      if (const TextMap* texts = (*map)->texts()) return append_texts(out, *texts);
      if ((*map)->is_absent()) return void(out += "null");
      auto entries = (*map)->entries();
      const std::size_t size = entries.size();
      out += '{';
      frames_.push_back({nullptr, *map, std::move(entries), size, 0});
    } else if (const auto* list = std::get_if<std::shared_ptr<const List>>(&node)) {
      if ((*list)->is_absent()) return void(out += "null");
      out += '[';
      frames_.push_back({*list, nullptr, {}, (*list)->size(), 0});
    } else {
      append_scalar_json(out, node);
    }
  }

  // `frame` may move when a child begins.
  void step(std::string& out, Frame& frame) {
    const std::size_t place = frame.next++;
    if (place == frame.size) {
      out += frame.list ? ']' : '}';
      frames_.pop_back();
      return;
    }
    if (place > 0) out += ',';
    if (frame.list) {
      begin(out, frame.list->at(place));
      return;
    }
    append_json_text(out, frame.entries[place].key, JsonFor::html);
    out += ':';
    const Node child = std::move(frame.entries[place].value);
    begin(out, child);
  }

  Node first_;
  bool has_begun_ = false;
  std::vector<Frame> frames_;
};

}  // namespace

void append_scalar_json(std::string& out, const Node& node) {
  switch (node.index()) {
    case 1:
      out += std::get<bool>(node) ? "true" : "false";
      break;
    case 2:
      append_integer(out, std::get<std::int64_t>(node));
      break;
    case 3:
      out += json_number(std::get<double>(node));
      break;
    case 4:
    case 5:
      append_json_text(out, *text_of(node), JsonFor::html);
      break;
    default:
      out += "null";
  }
}

std::unique_ptr<Renderer> json_renderer(Node node) {
  return std::make_unique<JsonRenderer>(std::move(node));
}

}  // namespace paddock::metadata::documents
