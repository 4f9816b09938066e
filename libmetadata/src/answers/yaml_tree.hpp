// SPDX-License-Identifier: Apache-2.0
//
// YAML as a document tree (tree_text.hpp).
#pragma once

#include "answers/tree_text.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::metadata::answers {

// What aliases may unfold to in what one client reads.
inline constexpr std::uint64_t most_unfolded_values = 20'000'000;
inline constexpr std::uint64_t most_unfolded_bytes = 1ULL << 30U;

[[nodiscard]] TreeText read_yaml_tree(std::string_view text);

using Entries = std::vector<std::pair<std::string, documents::Node>>;

// The map; of several entries with one key the last counts, and that is a doubt. `lines` are the
// entries'.
[[nodiscard]] documents::Node map_of_last(Entries entries, const std::vector<unsigned>& lines,
                                          std::vector<TextError>& doubts);

}  // namespace paddock::metadata::answers
