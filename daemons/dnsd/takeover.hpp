// SPDX-License-Identifier: Apache-2.0
//
// How one dnsd takes the place of another, an older version perhaps, without a query being lost.
// With
// --replace it learns the cluster before it is bound to the addresses, and then both are
// (SO_REUSEPORT) until the other one has ended. Below a service manager, which runs one process at
// a time, the sockets are left with it in between, and the queries wait in them.
#pragma once

#include "dnsd/options.hpp"
#include "runtime/daemon.hpp"

#include <paddock/dns/server.hpp>
#include <paddock/metadata/store.hpp>

#include <sys/types.h>

#include <vector>

namespace paddock::dnsd {

// The process whose place this one is to take; 0 if there is none.
[[nodiscard]] pid_t predecessor(const Options& options);

// They return false when this process is told to stop before. learn() and succeed() throw a
// sentence when it takes too long.

// Waits until the cluster is known as it is now; null: there is none. Until then the predecessor
// answers alone.
[[nodiscard]] bool learn(runtime::Daemon<Options>& daemon, const metadata::Store* cluster,
                         pid_t predecessor);

// Waits a moment for the same, where queries wait too: in sockets that were passed on. Returns when
// it is over, whatever is known.
[[nodiscard]] bool learn_in_time(runtime::Daemon<Options>& daemon, const metadata::Store* cluster);

// Ends the predecessor and waits until its folder is free.
[[nodiscard]] bool succeed(runtime::Daemon<Options>& daemon, pid_t predecessor);

// The options of a server that goes on with the sockets the service manager passed on, and leaves
// its own with it.
[[nodiscard]] dns::ServerOptions inheriting(dns::ServerOptions options,
                                            const std::vector<int>& passed);

// Leaves copies of the server's sockets with the service manager, in place of those it passed on.
void leave_sockets(const dns::Server& server, const std::vector<int>& passed);

}  // namespace paddock::dnsd
