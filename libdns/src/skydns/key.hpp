// SPDX-License-Identifier: Apache-2.0
//
// Keys of the tree as names, and the names that answer for a key.
#pragma once

#include <paddock/dns/name.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace paddock::dns {

// The labels of a key behind its prefix, in lower case: from the top of the tree down.
using Labels = std::vector<std::string>;

Labels labels_of(std::string_view key, std::string_view prefix);
Labels labels_of(const Name& name);

// The name of the first `depth` labels, of which those in `mask` (bit 0: the first behind `base`)
// are the pattern for any label. Fails when it is no name.
Result<Name> name_of(const Labels& labels, std::size_t base, std::size_t depth,
                     std::uint32_t mask = 0);

// The masks of names of `depth` labels below a domain that match a key: every choice of labels up
// to five labels, beyond that any one of them, so that deep trees stay small.
std::vector<std::uint32_t> masks_of(std::size_t depth);

}  // namespace paddock::dns
