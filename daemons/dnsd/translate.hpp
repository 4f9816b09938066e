// SPDX-License-Identifier: Apache-2.0
//
// metadata's objects in libdns' words. Pure functions.
#pragma once

#include <paddock/dns/naming.hpp>
#include <paddock/metadata/cluster.hpp>

namespace paddock::dnsd {

// One service and its endpoints.
[[nodiscard]] dns::Service translate(const metadata::Service& service,
                                     const metadata::Range<metadata::Endpoints>& slices);
[[nodiscard]] dns::Pod translate(const metadata::Pod& pod);

}  // namespace paddock::dnsd
