// SPDX-License-Identifier: Apache-2.0
//
// What dnsd keeps of a metadatad's cluster: what its names and views are made of by its options,
// and nothing else, for a large cluster is most of what it holds.
#pragma once

#include <paddock/metadata/part.hpp>

namespace paddock::dnsd {

struct Options;

// The names and views of a cluster so reduced are those of the whole one; but a namespace that has
// nothing but pods is not known where pods have no names.
[[nodiscard]] metadata::Reduction kept_of(const Options& options);

}  // namespace paddock::dnsd
