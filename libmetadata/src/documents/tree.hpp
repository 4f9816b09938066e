// SPDX-License-Identifier: Apache-2.0
//
// The tree of Rancher's metadata service, made of a Snapshot for one client: what it may read
// below /{version} (docs/metadata-paths.md).
#pragma once

#include "documents/node.hpp"
#include "documents/snapshot.hpp"

#include <memory>
#include <optional>
#include <string_view>

namespace paddock::metadata::documents {

enum class Version { v2015_07_25, v2015_12_19, v2016_07_29 };

inline constexpr std::string_view version_names[] = {"2015-07-25", "2015-12-19", "2016-07-29"};

// Also "latest", which is 2016-07-29.
[[nodiscard]] std::optional<Version> parse_version(std::string_view text);

// One client's sight of a snapshot. Nodes made of it borrow from it.
struct View {
  std::shared_ptr<const Snapshot> snapshot;
  Version version = Version::v2016_07_29;
  const Pod* client = nullptr;  // null: nobody we know
  const Host* host = nullptr;   // the client's; null: not known

  [[nodiscard]] const Cluster& cluster() const { return *snapshot->cluster(); }
};

[[nodiscard]] Node root(const View& view);

}  // namespace paddock::metadata::documents
