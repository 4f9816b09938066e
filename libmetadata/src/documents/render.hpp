// SPDX-License-Identifier: Apache-2.0
//
// Documents as text listings, JSON and YAML, to the byte of Rancher's metadata service.
#pragma once

#include "documents/node.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata::documents {

// A scalar is itself without newline; a map has a line for each key, "key" or "key/", sorted; a
// list one for each index, "0=name", "0/" or "0".
[[nodiscard]] std::string render_text(const Node& node);
[[nodiscard]] std::string render_yaml(const Node& node);
[[nodiscard]] std::string render_json(const Node& node);

// JSON in pieces of bounded size, however large the whole.
class JsonRenderer {
 public:
  explicit JsonRenderer(Node node);
  // Appends about `bytes` more; false when that was all.
  [[nodiscard]] bool append(std::string& out, std::size_t bytes);

 private:
  struct Frame {
    std::shared_ptr<const Map> map;
    std::shared_ptr<const List> list;
    std::vector<std::string_view> keys;
    std::size_t next = 0;
  };
  void begin(std::string& out, const Node& node);
  Node first_;
  bool has_begun_ = false;
  std::vector<Frame> frames_;
};

}  // namespace paddock::metadata::documents
