// SPDX-License-Identifier: Apache-2.0
//
// What one client may read in one version of the documents, whatever it is made of: a cluster
// (view.hpp) or a data file. For one thread.
#pragma once

#include "documents/node.hpp"
#include "documents/reads.hpp"

#include <optional>
#include <string>

namespace paddock::metadata::documents {

class Sight {
 public:
  Sight() = default;
  Sight(const Sight&) = delete;
  Sight& operator=(const Sight&) = delete;
  virtual ~Sight() = default;

  // What stands below /{version}; it borrows from the sight. Nothing: this client has none.
  [[nodiscard]] virtual std::optional<Node> root() const = 0;
  // What has been looked at so far.
  [[nodiscard]] virtual Reads& reads() const noexcept = 0;
  // Names the state of what has been looked at, and of which version: while it is the same, so
  // is what was read.
  [[nodiscard]] virtual std::string state() const = 0;
};

}  // namespace paddock::metadata::documents
