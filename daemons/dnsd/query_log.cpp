// SPDX-License-Identifier: Apache-2.0
#include "dnsd/query_log.hpp"

#include "dnsd/metrics.hpp"
#include "runtime/log.hpp"

#include <string>

namespace paddock::dnsd {

namespace {

// A pod on the host's network is whoever else is there.
std::string pod_of(const boost::asio::ip::address& client, const metadata::Cluster* cluster) {
  const auto pod = cluster != nullptr ? cluster->pod_at(client) : nullptr;
  return pod ? pod->ns.str() + "/" + pod->name.str() : "";
}

}  // namespace

void log_queries(std::span<const dns::LoggedQuery> queries, const metadata::Cluster* cluster) {
  for (const auto& query : queries) {
    runtime::log::info("query",
                       {{"name", query.name.format()},
                        {"type", format(query.type)},
                        {"rcode", rcode_name(static_cast<std::size_t>(query.rcode))},
                        {"client", query.client.to_string()},
                        {"pod", pod_of(query.client, cluster)},
                        {"protocol", query.transport == dns::Transport::tcp ? "tcp" : "udp"},
                        {"us", query.took.count()}});
  }
}

}  // namespace paddock::dnsd
