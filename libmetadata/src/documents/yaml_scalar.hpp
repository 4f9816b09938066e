// SPDX-License-Identifier: Apache-2.0
//
// Text as a YAML scalar, in the style that Rancher's metadata service wrote: bare where YAML 1.1
// reads it as that text, else in quotes; several lines as a block. A long line is broken at spaces.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace paddock::metadata::documents {

// Where a scalar begins in its line, and where its further lines do.
struct YamlPlace {
  std::size_t column = 0;
  std::size_t indent = 0;
};

// Appends the value of a key or element.
void append_yaml_text(std::string& out, std::string_view text, YamlPlace place);
// Appends the text as a key: never a block.
void append_yaml_key(std::string& out, std::string_view text);

}  // namespace paddock::metadata::documents
