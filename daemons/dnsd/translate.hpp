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

// The service a pod says it belongs to; an empty name where it says none.
[[nodiscard]] dns::ServiceReference service_of(const metadata::Pod& pod);

// Rancher rather names a container that has ended than none: gives a service that is reached by
// containers, and has none with an address, the last of those that say they belong to it.
void add_last_container(dns::Service& service, const metadata::Cluster& cluster);

}  // namespace paddock::dnsd
