// SPDX-License-Identifier: Apache-2.0
//
// The later form of Rancher's data file, {"Version", "Data"}: Data is base64 of raw DEFLATE
// (RFC 1951) of JSON objects one after the other, what the Rancher server sent.
#pragma once

#include "documents/node.hpp"

#include <paddock/metadata/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata::answers {

[[nodiscard]] bool is_data_form(const documents::Map& root);

struct Objects {
  std::vector<documents::Node> objects;  // maps
  std::vector<std::string> doubts;
};
// The error's sentence has no file name.
[[nodiscard]] Result<Objects> objects_of_data(const documents::Map& root);

}  // namespace paddock::metadata::answers
