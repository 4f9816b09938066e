// SPDX-License-Identifier: Apache-2.0
//
// The document versions that Rancher made of its objects. Every version shares the objects'
// fields and has only those of its own that differ.
#pragma once

#include "answers/objects.hpp"

namespace paddock::metadata::answers {

// The three versions and `latest`, with a tree for each container that has an address.
[[nodiscard]] std::vector<Answers::Edition> editions_of_objects(const RancherObjects& objects,
                                                                const Answers::Regions& regions,
                                                                const std::string& version);

// What other regions are shown of this one.
[[nodiscard]] documents::Node tree_for_other_regions(const RancherObjects& objects);

}  // namespace paddock::metadata::answers
