// SPDX-License-Identifier: Apache-2.0
//
// The query log: a line for each query of the sample, with the pod that asked.
#pragma once

#include <paddock/dns/server.hpp>
#include <paddock/metadata/cluster.hpp>

#include <span>

namespace paddock::dnsd {

// `cluster` may be null: then nobody is known by name.
void log_queries(std::span<const dns::LoggedQuery> queries, const metadata::Cluster* cluster);

}  // namespace paddock::dnsd
