// SPDX-License-Identifier: Apache-2.0
//
// How one daemon takes the place of another of its kind, an older version perhaps, without anybody
// noticing who asks it. It learns what it is to serve, then both serve at the same addresses until
// the other one has ended. That is told to by its successor or, from a container of its own, by
// whoever runs the two.
#pragma once

#include "runtime/directories.hpp"
#include "runtime/lifecycle.hpp"

#include <paddock/metadata/store.hpp>

#include <filesystem>
#include <optional>

namespace paddock::runtime {

// Nothing: this process starts as any other.
using Predecessor = std::optional<FolderLock::Holder>;

// Who holds the folder, where he is to be replaced, or who does next: one that serves already, but
// whose own predecessor has not let go of it yet, or just has.
[[nodiscard]] Predecessor find_predecessor(bool replace, const std::filesystem::path& folder);

// The place behind the holder of a folder, kept until the folder is this process's: whoever comes
// meanwhile finds somebody to learn beside.
class Succession {
 public:
  // Does nothing without a predecessor.
  Succession(const Predecessor& predecessor, std::filesystem::path folder);

  // To be called now and then: takes the place when it is free, gives it up when it is not needed.
  void tend();

 private:
  const std::filesystem::path folder_;
  bool is_under_way_;
  std::optional<FolderLock> place_;
};

// They return false when this process is told to stop before, and throw a sentence when it takes
// too long. None waits without a predecessor.

// Waits until the cluster is known as it is now; null: there is none. Until then the predecessor
// serves alone.
[[nodiscard]] bool learn(Lifecycle& daemon, const metadata::Store* cluster,
                         const Predecessor& predecessor);
// Ends predecessors that are near, and waits until their folder is free. Others end when they do.
[[nodiscard]] bool succeed(Lifecycle& daemon, const Predecessor& predecessor,
                           const std::filesystem::path& folder);

// Whether what is kept on disk is as new as what clients were told: it may be older.
[[nodiscard]] bool is_learnt(const metadata::Store& cluster);

}  // namespace paddock::runtime
