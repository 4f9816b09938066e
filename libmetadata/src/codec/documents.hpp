// SPDX-License-Identifier: Apache-2.0
//
// Cluster files, object by object: for who has most of them already and keeps few.
#pragma once

#include <paddock/metadata/codec.hpp>

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace paddock::metadata {

// Returns the line of the object of that key that came before, and then does not take this one; 0:
// there was none.
using DocumentTaker = std::function<unsigned(std::shared_ptr<Object> object, unsigned line)>;

struct ReadDocuments {
  std::vector<Problem> problems;
  bool is_whole = true;
};

// As parse_documents, which says what is read. `begin` is called before the first object, and again
// when all that was taken is to be forgotten, since the text turned out to be another language.
[[nodiscard]] ReadDocuments read_documents(std::string_view text, std::string_view name,
                                           const std::function<DocumentTaker()>& begin);

}  // namespace paddock::metadata
