// SPDX-License-Identifier: Apache-2.0
//
// How one dnsd takes the place of another below a service manager, which runs one process at a
// time, without a query being lost: the sockets are left with it in between, and the queries wait
// in them. Elsewhere both run for a while: runtime/takeover.hpp.
#pragma once

#include "dnsd/options.hpp"
#include "runtime/daemon.hpp"

#include <paddock/dns/server.hpp>
#include <paddock/metadata/store.hpp>

#include <vector>

namespace paddock::dnsd {

// Waits a moment until the cluster is known as it is now, where queries wait too: in sockets that
// were passed on. Returns when it is over, whatever is known; false when this process is told to
// stop before.
[[nodiscard]] bool learn_in_time(runtime::Daemon<Options>& daemon, const metadata::Store* cluster);

// The options of a server that goes on with the sockets the service manager passed on, and leaves
// its own with it.
[[nodiscard]] dns::ServerOptions inheriting(dns::ServerOptions options,
                                            const std::vector<int>& passed);

}  // namespace paddock::dnsd
