// SPDX-License-Identifier: Apache-2.0
//
// One state of the cluster as documents are made of it, with how it differs from the one before:
// what every worker is given. Immutable; any thread.
#pragma once

#include "documents/catalog.hpp"
#include "documents/reads.hpp"

#include <paddock/metadata/cluster.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata::documents {

struct Environment {
  std::string name;
  std::string uuid;
  std::string region_name;
};

// How an edition differs from the one before.
struct Changes {
  bool is_everything = true;                         // so much that nothing else is said
  std::vector<Mark> marks = {};                      // each once
  std::vector<std::string> namespaces = {};          // in which pods or services changed; each once
  std::vector<std::string> service_namespaces = {};  // in which services did
};

struct Edition {
  std::shared_ptr<const Cluster> cluster;
  Environment environment;
  // The documents' `version`: a UUID, new exactly when something that documents show has changed.
  std::string version;
  std::uint64_t number = 1;
  // For each kind, the version of the edition in which an object of it changed last.
  std::array<std::string, std::size(all_kinds)> versions = {};
  // Of this cluster or an earlier one: few ask for a name, and then catch it up (snapshot.hpp).
  Catalog catalog;
  std::size_t not_in_catalog = 0;  // how many changes it lacks
  Changes changes;
  // How many pods and namespaces say what may be seen: while there are none, nobody looks for it.
  std::uint64_t visibilities = 0;
};

// On a pod or its namespace: what it may see of others, never more than DocumentOptions allow.
inline constexpr std::string_view visibility_annotation = "paddock.io/visibility";

// `before` is null for the first.
[[nodiscard]] std::shared_ptr<const Edition> next_edition(const Edition* before,
                                                          std::shared_ptr<const Cluster> cluster,
                                                          Environment environment);

}  // namespace paddock::metadata::documents
