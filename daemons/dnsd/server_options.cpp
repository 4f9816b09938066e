// SPDX-License-Identifier: Apache-2.0
#include "dnsd/server_options.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace paddock::dnsd {

namespace {

// Rancher's users know it in answers.
std::size_t cache_bytes(const Options& options) {
  constexpr std::size_t bytes_of_an_answer = (1 << 20) / 2'000;
  return options.cache_capacity == 0 ? std::size_t{options.cache_mb} << 20
                                     : options.cache_capacity * bytes_of_an_answer;
}

std::chrono::seconds in_seconds(std::chrono::milliseconds time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time);
}

// For networks that were checked.
dns::TransferAccess transfer_access(const Options& options) {
  dns::TransferAccess access;
  for (const auto& subnet : options.transfer_to) {
    if (subnet.find(':') == std::string::npos) {
      access.v4.push_back(boost::asio::ip::make_network_v4(subnet));
    } else {
      access.v6.push_back(boost::asio::ip::make_network_v6(subnet));
    }
  }
  return access;
}

}  // namespace

dns::ForwardOptions forward_options(const Options& options, const AnswersFile& answers,
                                    const std::vector<dns::UpstreamSet>& sets,
                                    const std::vector<dns::StubZone>& more_stubs) {
  dns::ForwardOptions forward;
  if (options.forward) {
    for (const auto& text : options.upstreams) {
      forward.upstreams.push_back(dns::parse_upstream(text).value());
    }
    if (forward.upstreams.empty()) forward.upstreams = answers.common.recurse;
    if (forward.upstreams.empty()) forward.resolv_conf = options.resolv_conf;
    forward.stubs = stub_zones(options);
    std::ranges::copy(more_stubs, std::back_inserter(forward.stubs));
    forward.sets = sets;
  }
  forward.preference =
      options.upstream_order == "given" ? dns::Preference::ordered : dns::Preference::fastest;
  forward.random_case = options.random_case;
  forward.tls_ca = options.tls_ca;
  forward.private_reverse = options.private_reverse;
  forward.attempt_timeout = options.upstream_timeout;
  forward.cache_bytes = cache_bytes(options);
  forward.prefetch = options.prefetch;
  forward.max_ttl = in_seconds(options.cache_ttl);
  forward.max_negative_ttl = in_seconds(options.cache_negative_ttl);
  forward.serve_stale = in_seconds(options.serve_stale);
  return forward;
}

dns::ServerOptions server_options(const Options& options, dns::ForwardOptions forwarding,
                                  std::shared_ptr<const dns::Rules> rules) {
  dns::ServerOptions server;
  server.listen = listen_endpoints(options);
  server.workers = options.workers;
  server.nsid = options.server_id;
  server.max_udp_payload = options.max_udp_payload;
  server.udp_rate = options.udp_rate;
  server.tcp.max_connections = options.tcp_connections;
  server.tcp.max_connections_per_client = options.tcp_connections_per_client;
  server.transfers = transfer_access(options);
  server.forwarding = std::move(forwarding);
  server.rules = std::move(rules);
  return server;
}

}  // namespace paddock::dnsd
