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

// The version that cloud-init asks EC2 for.
inline constexpr std::string_view cloud_init_version = "2009-04-04";

// Also "latest" and that of cloud-init, which are 2016-07-29.
[[nodiscard]] std::optional<Version> parse_version(std::string_view text);

// The keys below a version that are EC2's: the places that session tokens protect.
inline constexpr std::string_view ec2_keys[] = {"dynamic", "meta-data", "user-data"};

}  // namespace paddock::metadata::documents
