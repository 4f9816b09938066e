// SPDX-License-Identifier: Apache-2.0
#include "dnsd/metrics.hpp"

#include <array>
#include <string>
#include <string_view>

namespace paddock::dnsd {

std::string rcode_name(std::size_t rcode) {
  static constexpr std::string_view names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                               "NXDOMAIN", "NOTIMP",  "REFUSED"};
  if (rcode < std::size(names)) return std::string(names[rcode]);
  return rcode == 16 ? "BADVERS" : rcode == 23 ? "BADCOOKIE" : "RCODE" + std::to_string(rcode);
}

namespace {

void write_sizes(std::string_view name, std::string_view help,
                 const std::array<dns::MessageSizes, 2>& sizes, runtime::MetricsText& out) {
  out.histogram(name, help);
  for (std::size_t protocol = 0; protocol < 2; ++protocol) {
    out.distribution(dns::MessageSizes::bounds, sizes[protocol].counts,
                     static_cast<double>(sizes[protocol].sum),
                     {{"protocol", protocol == 0 ? "udp" : "tcp"}});
  }
}

void write_queries(const dns::Counters& counters, runtime::MetricsText& out) {
  out.counter("paddock_dns_queries_total", "Queries received.");
  for (std::size_t protocol = 0; protocol < 2; ++protocol) {
    for (std::size_t family = 0; family < 2; ++family) {
      for (std::size_t type = 0; type < dns::type_groups; ++type) {
        const auto count = counters.queries[protocol][family][type];
        if (count == 0) continue;
        out.sample(count, {{"protocol", protocol == 0 ? "udp" : "tcp"},
                           {"family", family == 0 ? "4" : "6"},
                           {"type", format(static_cast<dns::TypeGroup>(type))}});
      }
    }
  }
  out.counter("paddock_dns_responses_total", "Responses sent, by response code.");
  for (std::size_t rcode = 0; rcode < counters.responses.size(); ++rcode) {
    if (counters.responses[rcode] == 0) continue;
    const auto name = rcode_name(rcode);
    out.sample(counters.responses[rcode], {{"rcode", name}});
  }
  out.counter("paddock_dns_truncated_total", "Responses sent with TC set.");
  out.sample(counters.truncated);
  out.counter("paddock_dns_dropped_total", "Messages that got no response.");
  out.sample(counters.dropped);
  out.counter("paddock_dns_over_rate_total",
              "Queries of clients over their rate: answered without records, or not at all.");
  out.sample(counters.over_rate_cut, {{"reply", "cut"}});
  out.sample(counters.over_rate_left_out, {{"reply", "none"}});
  out.counter("paddock_dns_search_completed_total",
              "Queries whose client's search list was completed here.");
  out.sample(counters.completed);
  out.counter("paddock_dns_query_log_left_out_total",
              "Queries of the sample that there was no room to log.");
  out.sample(counters.log_left_out);
  out.counter("paddock_dns_dnssec_ok_total", "Queries with DO set.");
  out.sample(counters.dnssec_ok);
  write_sizes("paddock_dns_query_bytes", "Sizes of queries.", counters.query_sizes, out);
  write_sizes("paddock_dns_response_bytes", "Sizes of responses.", counters.response_sizes, out);
  out.histogram("paddock_dns_response_seconds", "From reading a query to sending its response.");
  out.distribution(dns::Latency::bounds, counters.latency.counts, counters.latency.sum);
}

void write_forwarding(const dns::Counters& counters, runtime::MetricsText& out) {
  out.counter("paddock_dns_cache_total", "Look-ups in the cache of forwarded answers.");
  out.sample(counters.cache_hits, {{"result", "hit"}});
  out.sample(counters.cache_misses, {{"result", "miss"}});
  out.sample(counters.cache_stale, {{"result", "stale"}});
  out.gauge("paddock_dns_cache_entries", "Answers in the cache.");
  out.sample(counters.cache_entries);
  out.gauge("paddock_dns_cache_bytes", "Memory of the cache.");
  out.sample(counters.cache_bytes);
  out.counter("paddock_dns_forwarded_total", "Questions sent to other resolvers, each try.");
  out.sample(counters.forwarded);
  out.counter("paddock_dns_forward_hedged_total", "Of these, because another one was slow.");
  out.sample(counters.forward_hedged);
  out.counter("paddock_dns_prefetched_total", "Answers asked for anew before they expired.");
  out.sample(counters.prefetched);
  out.counter("paddock_dns_forward_failures_total", "Tries that brought no usable answer.");
  out.sample(counters.forward_failures);
  out.counter("paddock_dns_forward_exhausted_total", "Questions no resolver answered in time.");
  out.sample(counters.forward_exhausted);
  out.histogram("paddock_dns_upstream_seconds", "How long other resolvers took to answer.");
  for (const auto& one : counters.upstreams) {
    out.distribution(dns::Latency::bounds, one.latency.counts, one.latency.sum,
                     {{"to", format(one.upstream)}});
  }
  out.counter("paddock_dns_upstream_failures_total", "Their tries that brought no usable answer.");
  for (const auto& one : counters.upstreams) {
    out.sample(one.failures, {{"to", format(one.upstream)}});
  }
}

}  // namespace

void write_metrics(const dns::Counters& counters, runtime::MetricsText& out) {
  write_queries(counters, out);
  write_forwarding(counters, out);
  out.gauge("paddock_dns_tcp_connections", "Open TCP connections.");
  out.sample(counters.tcp_open);
  out.counter("paddock_dns_tcp_accepted_total", "TCP connections accepted.");
  out.sample(counters.tcp_accepted);
  out.counter("paddock_dns_tcp_refused_total", "TCP connections refused over a limit.");
  out.sample(counters.tcp_refused);
}

void write_delays(const ChangeDelays& delays, runtime::MetricsText& out) {
  out.histogram("paddock_dns_change_seconds",
                "From a change of endpoints, as Kubernetes dates it, to its answer.");
  out.samples(delays.of_headless(), {{"service", "headless"}});
  out.samples(delays.of_others(), {{"service", "cluster_ip"}});
}

}  // namespace paddock::dnsd
