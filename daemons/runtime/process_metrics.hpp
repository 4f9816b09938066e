// SPDX-License-Identifier: Apache-2.0
//
// What the process takes, under the names that Prometheus' own clients give it (process_…), so that
// dashboards made for any daemon show ours.
#pragma once

#include "runtime/metrics.hpp"

namespace paddock::runtime {

// What /proc/self does not tell is left out.
void write_process_metrics(MetricsText& out);

}  // namespace paddock::runtime
