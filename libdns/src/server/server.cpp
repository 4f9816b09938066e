// SPDX-License-Identifier: Apache-2.0
#include "server/worker.hpp"

#include <paddock/dns/server.hpp>

#include <sched.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace paddock::dns {
namespace {

unsigned usable_cpus() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  return ::sched_getaffinity(0, sizeof cpus, &cpus) == 0
             ? static_cast<unsigned>(std::max(1, CPU_COUNT(&cpus)))
             : 1;
}

server::Identity identity_of(const ServerOptions& options) {
  constexpr std::uint16_t floor = 512;     // RFC 6891, 6.2.3
  constexpr std::uint16_t ceiling = 4096;  // more would be fragments
  server::Identity identity{.nsid = options.nsid,
                            .version = options.version,
                            .max_udp_payload = std::clamp(options.max_udp_payload, floor, ceiling),
                            .keepalive = static_cast<std::uint16_t>(std::min<std::int64_t>(
                                options.tcp.idle_timeout.count() / 100, 65535)),
                            .cookie_secret = {},
                            .transfers = options.transfers,
                            .rates = options.udp_rate == 0
                                         ? nullptr
                                         : std::make_shared<server::SourceRates>(options.udp_rate)};
  if (::getrandom(identity.cookie_secret.data(), identity.cookie_secret.size(), 0) < 0) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  return identity;
}

upstream::CacheLimits cache_limits(const ForwardOptions& options) {
  return {.bytes = options.cache_bytes,
          .max_ttl = options.max_ttl,
          .max_negative_ttl = options.max_negative_ttl,
          .failure_ttl = options.failure_ttl,
          .serve_stale = options.serve_stale,
          .prefetches = options.prefetch};
}

}  // namespace

struct Server::State {
  server::Common common;
  std::vector<Endpoint> endpoints{};
  std::vector<int> sockets{};
  std::mutex control{};  // one change at a time; no worker ever takes it
  std::shared_ptr<const Authority> authority{};
  std::shared_ptr<const Views> views{};
  std::unique_ptr<const server::Published> published{};     // the two
  std::vector<std::shared_ptr<const Authority>> retired{};  // that transfers may still read
  std::shared_ptr<server::QueryLog> query_log{};
  ForwardingReport forwarding{};
  upstream::Planner planner;
  std::shared_ptr<const server::Forwarding> chosen{};
  std::vector<std::unique_ptr<server::Worker>> workers{};
  bool is_running = true;

  // Hands the same orders to every worker and waits until all have carried them out. With
  // `control` held.
  void order(const server::Orders& orders) {
    if (!is_running) {
      return;
    }
    for (const auto& worker : workers) {
      worker->mailbox().post(orders);
    }
    for (const auto& worker : workers) {
      worker->mailbox().wait();
    }
  }

  // Has every turn that begins from now on begin with these; returns when no earlier one goes on.
  // Whoever waits for queries is in none, and is not woken. With `control` held.
  void publish(std::shared_ptr<const Authority> newest, std::shared_ptr<const Views> its_views) {
    auto both = std::make_unique<server::Published>(newest.get(), its_views.get());
    std::vector<server::Worker*> amid_a_turn;
    amid_a_turn.reserve(workers.size());
    retired.reserve(retired.size() + 1);  // nothing below fails
    common.newest.store(both.get());
    const auto epoch = common.shared.epochs.advance();
    for (std::size_t i = 0; i < workers.size(); ++i) {
      if (common.shared.epochs.is_past(i, epoch)) continue;
      workers[i]->mailbox().post({});  // its next turn
      amid_a_turn.push_back(workers[i].get());
    }
    for (auto* worker : amid_a_turn) worker->mailbox().wait();
    published = std::move(both);
    // A transfer goes on with the authority it began with; it is let go of here all the same.
    if (authority) retired.push_back(std::move(authority));
    std::erase_if(retired, [](const auto& one) { return one.use_count() == 1; });
    authority = std::move(newest);
    views = std::move(its_views);
  }

  std::shared_ptr<const server::Forwarding> choose(const ForwardOptions& options) {
    forwarding = choose_upstreams(options, endpoints);
    common.shared.cache.set_limits(cache_limits(options));
    return chosen = std::make_shared<server::Forwarding>(options,
                                                         planner.plan(forwarding, options.tls_ca));
  }
};

Server::Server(ServerOptions options, std::shared_ptr<const Authority> authority, Status status,
               std::shared_ptr<const Views> views) {
  if (!authority) {
    throw std::invalid_argument("a DNS server needs an authority, be it an empty one");
  }
  // Others may come in their place: the options, which are kept, are not to keep these.
  const auto rules = std::exchange(options.rules, nullptr);
  const unsigned workers = options.workers != 0 ? options.workers : usable_cpus();
  auto listeners =
      server::open_listeners(options.listen, workers, server::InheritedSockets(options.inherited));
  state_ = std::unique_ptr<State>(
      new State{.common = {options, identity_of(options), server::ConnectionLimits(options.tcp),
                           upstream::Shared(workers)},
                .planner = upstream::Planner(workers)});
  for (const auto& listener : listeners.front()) {
    state_->endpoints.push_back(listener.endpoint);
  }
  state_->publish(std::move(authority), std::move(views));
  const server::Orders first{
      .status = status, .forwarding = state_->choose(options.forwarding), .rules = rules};
  for (auto& mine : listeners) {
    for (const auto& listener : mine) {
      state_->sockets.insert(state_->sockets.end(), {listener.udp.number(), listener.tcp.number()});
    }
    state_->workers.push_back(
        std::make_unique<server::Worker>(state_->common, state_->workers.size(), std::move(mine)));
  }
  try {
    for (const auto& worker : state_->workers) {
      worker->start(first);
    }
  } catch (...) {
    std::erase_if(state_->workers, [](const auto& worker) { return !worker->is_started(); });
    stop();
    throw;
  }
}

Server::~Server() { stop(); }

void Server::publish(std::shared_ptr<const Authority> authority,
                     std::shared_ptr<const Views> views) {
  if (!authority) {
    throw std::invalid_argument("publish: no authority");
  }
  const std::lock_guard lock(state_->control);
  state_->publish(std::move(authority), std::move(views));
}

void Server::set_status(Status status) {
  const std::lock_guard lock(state_->control);
  state_->order({.status = status});
}

void Server::set_rules(std::shared_ptr<const Rules> rules) {
  const std::lock_guard lock(state_->control);
  state_->order({.rules = std::move(rules)});
}

void Server::set_query_log(unsigned one_in) {
  const std::lock_guard lock(state_->control);
  state_->query_log =
      one_in == 0 ? nullptr : std::make_shared<server::QueryLog>(state_->workers.size(), one_in);
  state_->order({.query_log = state_->query_log});
}

std::vector<LoggedQuery> Server::take_query_log() {
  const std::lock_guard lock(state_->control);
  return state_->query_log ? state_->query_log->take() : std::vector<LoggedQuery>();
}

ForwardingReport Server::forward(const ForwardOptions& options) {
  const std::lock_guard lock(state_->control);
  state_->order({.forwarding = state_->choose(options)});
  return state_->forwarding;
}

ForwardingReport Server::forwarding() const {
  const std::lock_guard lock(state_->control);
  return state_->forwarding;
}

std::vector<Endpoint> Server::endpoints() const { return state_->endpoints; }

std::vector<int> Server::sockets() const { return state_->sockets; }

Counters Server::counters() const {
  Counters total;
  for (const auto& worker : state_->workers) {
    worker->tallies().add_to(total);
  }
  total.cache_entries = state_->common.shared.cache.size();
  total.cache_bytes = state_->common.shared.cache.bytes();
  const std::lock_guard lock(state_->control);
  const auto& plan = state_->chosen->plan;
  for (std::size_t i = 0; i < plan.upstreams().size(); ++i) {
    auto& seen = total.upstreams.emplace_back(UpstreamCounters{.upstream = plan.upstreams()[i]});
    for (std::size_t worker = 0; worker < state_->workers.size(); ++worker) {
      plan.seen(i, worker).latency.add_to(seen.latency);
      seen.failures += plan.seen(i, worker).failures.get();
    }
  }
  total.log_left_out = state_->query_log ? state_->query_log->left_out() : 0;
  return total;
}

void Server::stop() {
  const std::lock_guard lock(state_->control);
  state_->order({.stop = true});
  state_->is_running = false;
  for (const auto& worker : state_->workers) {
    worker->join();
  }
}

}  // namespace paddock::dns
