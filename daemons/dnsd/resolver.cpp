// SPDX-License-Identifier: Apache-2.0
#include "dnsd/resolver.hpp"

#include "dnsd/metrics.hpp"
#include "runtime/log.hpp"

#include <chrono>
#include <utility>

namespace paddock::dnsd {

namespace {

namespace log = runtime::log;

dns::ForwardOptions forward_options(const Options& options) {
  dns::ForwardOptions forward;
  if (options.forward) {
    for (const auto& text : options.upstreams) {
      forward.upstreams.push_back(dns::parse_upstream(text).value());
    }
    if (forward.upstreams.empty()) forward.resolv_conf = options.resolv_conf;
    forward.stubs = stub_zones(options);
  }
  forward.preference =
      options.upstream_order == "given" ? dns::Preference::ordered : dns::Preference::fastest;
  forward.random_case = options.random_case;
  forward.tls_ca = options.tls_ca;
  forward.private_reverse = options.private_reverse;
  forward.cache_bytes = std::size_t{options.cache_mb} << 20;
  forward.serve_stale = std::chrono::duration_cast<std::chrono::seconds>(options.serve_stale);
  return forward;
}

dns::ServerOptions server_options(const Options& options) {
  dns::ServerOptions server;
  for (const auto& text : options.listen) {
    server.listen.push_back(dns::parse_endpoint(text).value());
  }
  server.workers = options.workers;
  server.nsid = options.server_id;
  server.max_udp_payload = options.max_udp_payload;
  server.tcp.max_connections = options.tcp_connections;
  server.tcp.max_connections_per_client = options.tcp_connections_per_client;
  server.forwarding = forward_options(options);
  return server;
}

metadata::FollowerOptions follower_options(const Options& options, std::function<void()> wake) {
  metadata::FollowerOptions follower;
  follower.server = "unix:" + options.source.substr(std::string("paddock:").size());
  follower.snapshot_file = options.state_dir + "/cluster.snapshot";
  follower.events.connected = [wake] {
    log::info("following metadatad");
    wake();
  };
  follower.events.lost = [wake](const metadata::Error& why) {
    log::warning("metadatad is lost; answering what was known", {{"reason", why.text}});
    wake();
  };
  follower.events.restarted = [](const metadata::Error& why) {
    log::info("reading the whole cluster again", {{"reason", why.text}});
  };
  follower.events.broken_event = [](const metadata::Error& why) {
    log::warning("an object was left out", {{"reason", why.text}});
  };
  follower.events.snapshot_ignored = [](const metadata::Error& why) {
    log::warning("the kept snapshot is of no use", {{"reason", why.text}});
  };
  follower.events.snapshot_failed = [](const metadata::Error& why) {
    log::warning("the snapshot was not kept", {{"reason", why.text}});
  };
  follower.events.published = [wake](const auto&) { wake(); };
  return follower;
}

void log_forwarding(const dns::ForwardingReport& report) {
  for (const auto& problem : report.problems) log::warning("forwarding", {{"problem", problem}});
  for (const auto& upstream : report.upstreams) {
    log::info("forwarding", {{"upstream", dns::format(upstream)}});
  }
  for (const auto& stub : report.stubs) {
    for (const auto& upstream : stub.upstreams) {
      log::info("forwarding", {{"zone", stub.zone.format()}, {"upstream", dns::format(upstream)}});
    }
  }
}

}  // namespace

Resolver::Resolver(const Options& options, std::function<void()> wake)
    : names_(options),
      authority_(names_.authority()),
      server_(server_options(options), authority_),
      source_(options.source),
      follower_(follower_options(options, std::move(wake))) {
  log_forwarding(server_.forwarding());
  for (const auto& endpoint : server_.endpoints()) {
    log::info("answering", {{"address", dns::format(endpoint)}});
  }
  update();
  follower_.start();
}

void Resolver::update() {
  if (auto newest = follower_.cluster(); newest && newest != cluster_) publish(newest);
  const bool is_fresh = follower_.status().is_connected;
  const auto now = !cluster_                                  ? dns::Status::not_ready
                   : is_fresh && cluster_->stale_since() == 0 ? dns::Status::ready
                                                              : dns::Status::stale;
  if (now != served_) server_.set_status(served_ = now);
}

void Resolver::publish(const std::shared_ptr<const metadata::Cluster>& cluster) {
  names_.follow(cluster);
  cluster_ = cluster;
  if (auto next = names_.authority(); next != authority_) {
    server_.publish(next);
    authority_ = std::move(next);  // the last reference to the old one falls here
  }
  summarize(cluster->revision());
}

void Resolver::summarize(std::uint64_t revision) {
  Summary summary{.is_known = true,
                  .revision = revision,
                  .names = authority_->name_count(),
                  .bytes = authority_->memory(),
                  .problems = names_.problems()};
  const std::lock_guard lock(summary_lock_);
  summary_ = std::move(summary);
}

void Resolver::reload(const Options& options) {
  log_forwarding(server_.forward(forward_options(options)));
}

runtime::Status Resolver::status() const {
  const auto follower = follower_.status();
  runtime::Status status;
  const std::lock_guard lock(summary_lock_);
  status.ready = summary_.is_known;
  status.summary = "serving " + std::to_string(summary_.names) + " names";
  using Severity = runtime::Problem::Severity;
  if (!follower.is_connected) {
    status.problems.push_back(
        {.severity = status.ready ? Severity::warning : Severity::error,
         .text = status.ready ? "metadatad is away: answers are what was last known"
                              : "nothing is known of the cluster yet",
         .remedy = "start paddock-metadatad (" + source_ + "): " + follower.last_error});
  }
  for (const auto& problem : summary_.problems) {
    status.problems.push_back(
        {.text = problem.subject + ": " + problem.text, .remedy = "correct the object"});
  }
  for (const auto& problem : server_.forwarding().problems) {
    status.problems.push_back(
        {.text = "forwarding: " + problem,
         .remedy = "correct --upstreams, --stub or the file, then reload dnsd"});
  }
  status.detail = R"({"revision":)" + std::to_string(summary_.revision) + R"(,"names":)" +
                  std::to_string(summary_.names) + R"(,"stale_since":)" +
                  std::to_string(follower.stale_since) + R"(,"listen":[)";
  for (const auto& endpoint : server_.endpoints()) {
    if (status.detail.back() != '[') status.detail += ',';
    status.detail += '"' + dns::format(endpoint) + '"';
  }
  status.detail += R"(],"upstreams":[)";
  for (const auto& upstream : server_.forwarding().upstreams) {
    if (status.detail.back() != '[') status.detail += ',';
    status.detail += '"' + dns::format(upstream) + '"';
  }
  status.detail += "]}";
  return status;
}

void Resolver::metrics(runtime::MetricsText& out) const {
  write_metrics(server_.counters(), out);
  const auto follower = follower_.status();
  const std::lock_guard lock(summary_lock_);
  out.gauge("paddock_dns_names", "Names of our own zones.");
  out.sample(summary_.names);
  out.gauge("paddock_dns_names_bytes", "Memory of the compiled names.");
  out.sample(summary_.bytes);
  out.gauge("paddock_dns_problems", "Objects that could not be named, or not fully.");
  out.sample(summary_.problems.size());
  out.gauge("paddock_source_revision", "Revision of the cluster that is served.");
  out.sample(summary_.revision);
  out.gauge("paddock_source_stale_since_seconds",
            "Unix time since when it may be old; 0: it is not.");
  out.sample(static_cast<double>(follower.stale_since) / 1000.0);
  out.gauge("paddock_source_connected", "1 while metadatad's stream is followed.");
  out.sample(follower.is_connected ? 1 : 0);
}

}  // namespace paddock::dnsd
