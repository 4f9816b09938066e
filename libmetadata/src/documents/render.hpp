// SPDX-License-Identifier: Apache-2.0
//
// Documents as text listings, JSON and YAML, to the byte of Rancher's metadata service.
#pragma once

#include "documents/media_type.hpp"
#include "documents/node.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace paddock::metadata::documents {

// A document in pieces of bounded size, however large the whole.
class Renderer {
 public:
  virtual ~Renderer() = default;
  // Appends about `bytes` more; false when that was all.
  [[nodiscard]] virtual bool append(std::string& out, std::size_t bytes) = 0;
};

// A scalar is itself without newline; a map has a line for each key, "key" or "key/", sorted; a
// list one for each index, "0=name", "0/" or "0".
[[nodiscard]] std::unique_ptr<Renderer> text_renderer(Node node);
[[nodiscard]] std::unique_ptr<Renderer> json_renderer(Node node);
[[nodiscard]] std::unique_ptr<Renderer> yaml_renderer(Node node);
[[nodiscard]] std::unique_ptr<Renderer> renderer(Form form, Node node);

// The whole at once.
[[nodiscard]] std::string render_text(const Node& node);
[[nodiscard]] std::string render_json(const Node& node);
[[nodiscard]] std::string render_yaml(const Node& node);

// A scalar as JSON; of anything else nothing sensible.
void append_scalar_json(std::string& out, const Node& node);

}  // namespace paddock::metadata::documents
