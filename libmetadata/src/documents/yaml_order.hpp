// SPDX-License-Identifier: Apache-2.0
//
// The order of a map's keys as YAML, in which Rancher's metadata service wrote them.
#pragma once

#include "documents/node.hpp"

#include <vector>

namespace paddock::metadata::documents {

// Letters come after everything else, and runs of digits are compared as numbers: x2, x10, xa.
void sort_for_yaml(std::vector<Map::Entry>& entries);

}  // namespace paddock::metadata::documents
