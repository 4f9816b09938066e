// SPDX-License-Identifier: Apache-2.0
#include "dnsd/coredns_metrics.hpp"

#include "dnsd/metrics.hpp"

#include <array>
#include <string>
#include <string_view>

namespace paddock::dnsd {

namespace {

// There is one server here, for all zones and clients.
constexpr runtime::Label server{"server", "dns://:53"};
constexpr runtime::Label zone{"zone", "."};
constexpr runtime::Label zones{"zones", "."};
constexpr runtime::Label view{"view", ""};

void write_message_sizes(std::string_view name, std::string_view help,
                         const std::array<dns::MessageSizes, 2>& sizes, runtime::MetricsText& out) {
  out.histogram(name, help);
  for (std::size_t protocol = 0; protocol < 2; ++protocol) {
    out.distribution(dns::MessageSizes::bounds, sizes[protocol].counts,
                     static_cast<double>(sizes[protocol].sum),
                     {server, zone, view, {"proto", protocol == 0 ? "udp" : "tcp"}});
  }
}

void write_requests(const dns::Counters& counters, runtime::MetricsText& out) {
  out.counter("coredns_dns_requests_total", "DNS requests made per zone, protocol and family.");
  for (std::size_t protocol = 0; protocol < 2; ++protocol) {
    for (std::size_t family = 0; family < 2; ++family) {
      for (std::size_t type = 0; type < dns::type_groups; ++type) {
        const auto count = counters.queries[protocol][family][type];
        if (count == 0) continue;
        out.sample(count, {server,
                           zone,
                           view,
                           {"proto", protocol == 0 ? "udp" : "tcp"},
                           {"family", family == 0 ? "1" : "2"},
                           {"type", format(static_cast<dns::TypeGroup>(type))}});
      }
    }
  }
  out.counter("coredns_dns_do_requests_total", "DNS requests with DO bit set per zone.");
  out.sample(counters.dnssec_ok, {server, zone, view});
  write_message_sizes("coredns_dns_request_size_bytes", "Size of the requests in bytes.",
                      counters.query_sizes, out);
  write_message_sizes("coredns_dns_response_size_bytes", "Size of the responses in bytes.",
                      counters.response_sizes, out);
  out.histogram("coredns_dns_request_duration_seconds", "Time each request took, in seconds.");
  out.distribution(dns::Latency::bounds, counters.latency.counts, counters.latency.sum,
                   {server, zone, view});
  out.counter("coredns_autopath_success_total", "Requests whose search path was completed.");
  out.sample(counters.completed, {server});
  out.counter("coredns_dns_responses_total", "Response status codes.");
  for (std::size_t rcode = 0; rcode < counters.responses.size(); ++rcode) {
    if (counters.responses[rcode] == 0) continue;
    const auto name = rcode_name(rcode);
    out.sample(counters.responses[rcode], {server, zone, view, {"rcode", name}, {"plugin", ""}});
  }
}

void write_cache(const dns::Counters& counters, runtime::MetricsText& out) {
  constexpr runtime::Label type{"type", "success"};
  out.gauge("coredns_cache_entries", "Elements in the cache.");
  out.sample(counters.cache_entries, {server, type, zones, view});
  out.counter("coredns_cache_requests_total", "Requests made to the cache.");
  out.sample(counters.cache_hits + counters.cache_misses, {server, zones, view});
  out.counter("coredns_cache_hits_total", "Requests the cache answered.");
  out.sample(counters.cache_hits, {server, type, zones, view});
  out.counter("coredns_cache_misses_total", "Requests it did not.");
  out.sample(counters.cache_misses, {server, zones, view});
  out.counter("coredns_cache_prefetch_total", "Answers fetched anew before they expired.");
  out.sample(counters.prefetched, {server, zones, view});
  out.counter("coredns_cache_served_stale_total", "Requests served from stale entries.");
  out.sample(counters.cache_stale, {server, zones, view});
}

void write_proxies(const dns::Counters& counters, runtime::MetricsText& out) {
  constexpr runtime::Label plugin{"proxy_name", "forward"};
  out.histogram("coredns_proxy_request_duration_seconds", "Time each request to an upstream took.");
  for (const auto& one : counters.upstreams) {
    out.distribution(dns::Latency::bounds, one.latency.counts, one.latency.sum,
                     {plugin, {"to", format(one.upstream)}});
  }
  out.counter("coredns_proxy_healthcheck_failures_total", "Failures of an upstream to answer.");
  for (const auto& one : counters.upstreams) {
    out.sample(one.failures, {plugin, {"to", format(one.upstream)}});
  }
  out.counter("coredns_forward_healthcheck_broken_total", "Requests no upstream answered.");
  out.sample(counters.forward_exhausted);
}

}  // namespace

void write_coredns_metrics(const dns::Counters& counters, const ChangeDelays& delays,
                           runtime::MetricsText& out) {
  out.gauge("coredns_build_info", "Constant 1, labelled by what answers in CoreDNS' place.");
  out.sample(1, {{"version", "paddock"}, {"revision", ""}, {"goversion", ""}});
  out.counter("coredns_panics_total", "Panics.");
  out.sample(0);
  out.gauge("coredns_plugin_enabled", "1 for what takes the place of a plugin that is enabled.");
  for (const std::string_view name : {"kubernetes", "cache", "forward", "prometheus", "errors"}) {
    out.sample(1, {server, zone, view, {"name", name}});
  }
  write_requests(counters, out);
  write_cache(counters, out);
  write_proxies(counters, out);
  out.histogram("coredns_kubernetes_dns_programming_duration_seconds",
                "Time from a change of endpoints to its answer.");
  out.samples(delays.of_headless(), {{"service_kind", "headless_with_selector"}});
  out.samples(delays.of_others(), {{"service_kind", "cluster_ip"}});
}

}  // namespace paddock::dnsd
