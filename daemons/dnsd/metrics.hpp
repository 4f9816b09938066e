// SPDX-License-Identifier: Apache-2.0
//
// dnsd's counters as Prometheus metrics.
#pragma once

#include "runtime/metrics.hpp"

#include <paddock/dns/server.hpp>

namespace paddock::dnsd {

void write_metrics(const dns::Counters& counters, runtime::MetricsText& out);

}  // namespace paddock::dnsd
