// SPDX-License-Identifier: Apache-2.0
//
// Lists of a snapshot's objects as JSON, made batch by batch as the reader reads: a list of
// 150,000 pods costs its reader's connection no more memory than one of ten.
#pragma once

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/http_server.hpp>

#include <memory>
#include <optional>
#include <string>

namespace paddock::metadata::service {

// Which objects; absent: all of them.
struct Selection {
  std::optional<Kind> kind;
  std::optional<std::string> ns;
};

[[nodiscard]] std::unique_ptr<ChunkSource> object_list(std::shared_ptr<const Cluster> cluster,
                                                       Selection selection, std::string opening);

}  // namespace paddock::metadata::service
