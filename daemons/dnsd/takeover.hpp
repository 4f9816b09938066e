// SPDX-License-Identifier: Apache-2.0
//
// How one dnsd takes the place of another, an older version perhaps, without a query being lost: it
// learns the cluster before it is bound to the addresses, and then both are (SO_REUSEPORT) until
// the other one has ended.
#pragma once

#include "dnsd/options.hpp"
#include "runtime/daemon.hpp"

#include <paddock/metadata/store.hpp>

#include <sys/types.h>

namespace paddock::dnsd {

// The process whose place this one is to take; 0 if there is none.
[[nodiscard]] pid_t predecessor(const Options& options);

// Both return false when this process is told to stop before. They throw a sentence when it takes
// too long.

// Waits until something is known of the cluster; null: there is none. Until then the predecessor
// answers alone.
[[nodiscard]] bool learn(runtime::Daemon<Options>& daemon, const metadata::Store* cluster,
                         pid_t predecessor);

// Ends the predecessor and waits until its folder is free.
[[nodiscard]] bool succeed(runtime::Daemon<Options>& daemon, pid_t predecessor);

}  // namespace paddock::dnsd
