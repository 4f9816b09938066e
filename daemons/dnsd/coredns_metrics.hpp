// SPDX-License-Identifier: Apache-2.0
//
// dnsd's counters under the names CoreDNS gives them, so that dashboards and
// alerts made for it go on working. What has no counterpart here is left out.
#pragma once

#include "dnsd/change_delays.hpp"
#include "runtime/metrics.hpp"

#include <paddock/dns/server.hpp>

namespace paddock::dnsd {

void write_coredns_metrics(const dns::Counters& counters, const ChangeDelays& delays,
                           runtime::MetricsText& out);

}  // namespace paddock::dnsd
