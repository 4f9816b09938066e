// SPDX-License-Identifier: Apache-2.0
#include "documents/render.hpp"

#include <utility>

namespace paddock::metadata::documents {
namespace {

std::string whole(Renderer& renderer) {
  std::string text;
  while (renderer.append(text, 1U << 20U)) {
  }
  return text;
}

}  // namespace

std::unique_ptr<Renderer> renderer(Form form, Node node) {
  switch (form) {
    case Form::json:
      return json_renderer(std::move(node));
    case Form::yaml:
      return yaml_renderer(std::move(node));
    case Form::text:
      break;
  }
  return text_renderer(std::move(node));
}

std::string render_text(const Node& node) { return whole(*text_renderer(node)); }
std::string render_json(const Node& node) { return whole(*json_renderer(node)); }
std::string render_yaml(const Node& node) { return whole(*yaml_renderer(node)); }

}  // namespace paddock::metadata::documents
