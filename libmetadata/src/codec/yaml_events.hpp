// SPDX-License-Identifier: Apache-2.0
//
// What every reader of YAML here shares: the guards around yaml-cpp's event parser, which keep a
// text from hanging it and make one kind of error of everything that can be wrong.
#pragma once

#include "codec/tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <optional>
#include <string>
#include <string_view>

namespace paddock::metadata {

// Thrown by a handler to end the reading; parse_yaml makes a TextError of it.
struct Refused {
  std::string message;
  unsigned line = 0;
};

// 0: not known.
[[nodiscard]] unsigned line_of(const YAML::Mark& mark);

class YamlHandler : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) final;
  void OnDocumentEnd() override {}

 protected:
  virtual void begin_document(unsigned line) = 0;

 private:
  int document_at_ = -1;
};

// Whether the tag leaves it to the text what a scalar is; `!` and `!!str` say that it is text. Any
// tag but those of YAML itself is refused.
[[nodiscard]] bool is_resolved_by_text(const std::string& tag, const YAML::Mark& mark);

// Feeds all documents of the text to the handler.
[[nodiscard]] std::optional<TextError> parse_yaml(std::string_view text, YamlHandler& handler);

}  // namespace paddock::metadata
