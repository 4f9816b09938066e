// SPDX-License-Identifier: Apache-2.0
//
// dnsd's counters as Prometheus metrics.
#pragma once

#include "dnsd/change_delays.hpp"
#include "runtime/metrics.hpp"

#include <paddock/dns/server.hpp>

#include <cstddef>
#include <string>

namespace paddock::dnsd {

// NXDOMAIN and so on.
[[nodiscard]] std::string rcode_name(std::size_t rcode);

void write_metrics(const dns::Counters& counters, runtime::MetricsText& out);
void write_delays(const ChangeDelays& delays, runtime::MetricsText& out);

}  // namespace paddock::dnsd
