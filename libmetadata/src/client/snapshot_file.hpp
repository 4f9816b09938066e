// SPDX-License-Identifier: Apache-2.0
//
// The last known state in a file: a header line, a put event a line (docs/stream-api.md), and a
// trailer with the number of objects and a SHA-256 of all before it. Written whole and moved into
// place, so that a reader sees the old or the new file, never a part, whoever else writes it; mode
// 0600, for it holds the tokens of services.
#pragma once

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/error.hpp>
#include <paddock/metadata/part.hpp>

#include <memory>
#include <string>

namespace paddock::metadata::client {

// `form` as in Reduction.
[[nodiscard]] Result<void> write_snapshot(const std::string& path, const Cluster& cluster,
                                          const std::string& form = {});

// Null when there is no file. An Error says why a file that is there cannot be used. The cluster
// is stale since the file was written, or longer.
[[nodiscard]] Result<std::shared_ptr<const Cluster>> read_snapshot(const std::string& path);

// The same of what a reduction keeps.
struct KeptCluster {
  std::shared_ptr<const Cluster> cluster;
  std::string form;  // that it was written in
};
[[nodiscard]] Result<KeptCluster> read_snapshot(const std::string& path,
                                                const Reduction& reduction);

}  // namespace paddock::metadata::client
