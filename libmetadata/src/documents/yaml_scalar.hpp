// SPDX-License-Identifier: Apache-2.0
//
// Text as a YAML scalar, in the style that Rancher's metadata service wrote: bare where YAML 1.1
// reads it as that text, else in quotes; several lines as a block.
#pragma once

#include <string>
#include <string_view>

namespace paddock::metadata::documents {

// Appends the value of a key or element. The lines of a block are indented by `indent`.
void append_yaml_text(std::string& out, std::string_view text, std::size_t indent);
// Appends the text as a key: never a block.
void append_yaml_key(std::string& out, std::string_view text);

}  // namespace paddock::metadata::documents
