// SPDX-License-Identifier: Apache-2.0
//
// Documents as text: a scalar, or the listing of a map or list.
#include "documents/number.hpp"
#include "documents/render.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

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
    const auto name = value ? text_of(*value) : std::nullopt;
    if (!name) continue;
    out += '=';
    append_form_escaped(out, *name);
    out += '\n';
    return;
  }
  out += is_container(element) ? "/\n" : "\n";
}

// Sorted as they are written: an escaped key may come elsewhere than the bare one.
void append_keys(std::string& out, const Map& map) {
  std::vector<std::string> lines;
  for (const auto& [key, child] : map.entries()) {
    std::string& line = lines.emplace_back();
    append_form_escaped(line, key);
    line += is_container(child) ? "/\n" : "\n";
  }
  std::sort(lines.begin(), lines.end());
  for (const auto& line : lines) out += line;
}

void append_scalar(std::string& out, const Node& node) {
  if (const auto text = text_of(node)) {
    out += *text;
  } else if (const auto* number = std::get_if<double>(&node)) {
    out += text_number(*number);
  } else if (node.index() != 0) {
    append_scalar_json(out, node);
  }
}

class TextRenderer final : public Renderer {
 public:
  explicit TextRenderer(Node node) : node_(std::move(node)) {}
  bool append(std::string& out, std::size_t bytes) override {
    const auto* list = std::get_if<ListPtr>(&node_);
    if (list == nullptr) {
      if (const auto* map = std::get_if<MapPtr>(&node_)) {
        append_keys(out, **map);
      } else {
        append_scalar(out, node_);
      }
      return false;
    }
    const std::size_t limit = out.size() + bytes;
    for (const std::size_t size = (*list)->size(); next_ < size; ++next_) {
      if (out.size() >= limit) return true;
      append_element_line(out, next_, (*list)->at(next_));
    }
    return false;
  }

 private:
  Node node_;
  std::size_t next_ = 0;  // element of a list
};

}  // namespace

std::unique_ptr<Renderer> text_renderer(Node node) {
  return std::make_unique<TextRenderer>(std::move(node));
}

}  // namespace paddock::metadata::documents
