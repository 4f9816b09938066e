// SPDX-License-Identifier: Apache-2.0
//
// The tree of Rancher's metadata service, made of a View: what it may read
// below /{version} (docs/metadata-paths.md).
#pragma once

#include "documents/node.hpp"
#include "documents/view.hpp"

#include <optional>
#include <string_view>

namespace paddock::metadata::documents {

inline constexpr std::string_view version_names[] = {"2015-07-25", "2015-12-19", "2016-07-29"};

// Also "latest", which is 2016-07-29.
[[nodiscard]] std::optional<Version> parse_version(std::string_view text);

}  // namespace paddock::metadata::documents
