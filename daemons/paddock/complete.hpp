// SPDX-License-Identifier: Apache-2.0
//
// What the shell offers. The scripts in packaging/completion only ask `paddock __complete WORDS…`,
// where the last word is the one being typed, so they know nothing that could become untrue.
#pragma once

#include <string>
#include <vector>

namespace paddock::cli {

// Candidates that begin with the last word, sorted. Never fails: without metadatad there are no
// names. A single ":file" or ":folder" asks the shell for its own completion of paths.
[[nodiscard]] std::vector<std::string> complete(const std::vector<std::string>& words);

}  // namespace paddock::cli
