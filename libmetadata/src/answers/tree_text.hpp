// SPDX-License-Identifier: Apache-2.0
//
// A JSON or YAML text as a document tree. Aliases share what they name: Rancher's files repeat
// each container a dozen times and cost their own size only. What a client could read at once is
// bounded all the same, so that no small file makes an endless answer.
#pragma once

#include "codec/tree.hpp"
#include "documents/node.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace paddock::metadata::answers {

struct TreeText {
  documents::Node root;
  std::optional<TextError> error;  // root is null then
  // What was read otherwise than it may be meant, as a key given twice.
  std::vector<TextError> doubts;
};

// A text that begins with a brace or bracket is read as JSON, and as YAML where it is none.
// Scalars are those of YAML 1.1, as Rancher's reader had them: `yes` is true. Of several YAML
// documents the first counts.
[[nodiscard]] TreeText read_tree_text(std::string_view text);

// JSON texts one after the other. Doubts as above.
struct TreeTexts {
  std::vector<documents::Node> roots;
  std::optional<TextError> error;
  std::vector<TextError> doubts;
};
[[nodiscard]] TreeTexts read_json_texts(std::string_view text);

}  // namespace paddock::metadata::answers
