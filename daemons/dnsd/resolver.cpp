// SPDX-License-Identifier: Apache-2.0
#include "dnsd/resolver.hpp"

#include "dnsd/coredns_metrics.hpp"
#include "dnsd/metrics.hpp"
#include "dnsd/query_log.hpp"
#include "dnsd/rules.hpp"
#include "dnsd/server_options.hpp"
#include "dnsd/sources.hpp"
#include "dnsd/takeover.hpp"
#include "runtime/log.hpp"
#include "runtime/systemd.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace paddock::dnsd {

namespace {

namespace log = runtime::log;

// At the start there is no last good state to go on with.
AnswersFile first_answers(const Options& options) {
  if (options.answers.empty()) return {};
  auto answers = read_answers(options.answers, ttl_of(options));
  if (!answers) throw std::runtime_error("--answers: " + answers.error().text);
  return std::move(answers).value();
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

Resolver::Resolver(const Options& options, std::unique_ptr<metadata::Store> store,
                   ChangeDelays& delays, std::function<void()> wake)
    : options_(options),
      source_(source_of(options)),
      store_(std::move(store)),
      delays_(delays),
      answers_stamp_(stamp_of(options.answers)),
      answers_(first_answers(options)),
      others_(options, wake),
      names_(options, answers_.authoritative, others_.zones()),
      authority_((begin(), names_.authority())),
      views_(names_.views()),
      sets_(names_.upstream_sets()),
      served_(status_of_source()),
      passed_sockets_(runtime::passed_sockets()),
      server_(inheriting(server_options(options, forward_options(options, answers_, sets_, stubs_),
                                        first_rules()),
                         passed_sockets_),
              authority_, served_, views_) {
  runtime::leave_sockets(server_.sockets(), passed_sockets_);
  log_forwarding(server_.forwarding());
  for (const auto& endpoint : server_.endpoints()) {
    log::info("answering", {{"address", dns::format(endpoint)}});
  }
  server_.set_query_log(query_log_ = options.query_log);
  summarize();
  if (cluster_) delays_.answered(*cluster_, *cluster_);  // nothing that came so far is a change
  if (store_) subscription_ = store_->subscribe(std::move(wake));
  update();
}

// Everything that is known before the first query.
void Resolver::begin() {
  contribute();
  (void)update_reach();
  cluster_ = store_ ? store_->cluster() : std::make_shared<const metadata::Cluster>();
  if (cluster_) names_.follow(cluster_);
}

// Puts what is not the cluster's to names that know nothing of it yet.
void Resolver::contribute() {
  names_.take(answers_);
  others_.start_over();
  others_.refresh();
  others_.contribute(names_.builder());
  stubs_ = others_.stub_zones();
}

void Resolver::update_others() {
  if (!others_.refresh()) return;
  others_.contribute(names_.builder());
  publish();
  if (auto stubs = others_.stub_zones(); stubs != stubs_) {
    stubs_ = std::move(stubs);
    forward();
  }
}

// True when names may be others. A file that is gone or broken leaves what was known in place.
bool Resolver::update_reach() {
  const auto now = stamp_of(options_.reach_file);
  if (now == reach_stamp_) return false;
  reach_stamp_ = now;
  auto reach = read_reach(options_.reach_file);
  if (reach) {
    names_.set_reach(std::move(*reach));
  } else {
    log::warning("what netd reaches is taken as before", {{"reason", reach.error().text}});
  }
  return reach.has_value();
}

void Resolver::update() {
  update_others();
  if (update_reach()) publish();
  if (store_) {
    if (auto newest = store_->cluster(); newest && newest != cluster_) follow(newest);
  }
  if (const auto now = stamp_of(options_.answers); now != answers_stamp_) {
    answers_stamp_ = now;
    (void)read_answers();
  }
  if (rule_stamps(options_) != rule_stamps_) (void)read_rules();
  log_queries(server_.take_query_log(), cluster_.get());
  if (const auto now = status_of_source(); now != served_) server_.set_status(served_ = now);
}

dns::Status Resolver::status_of_source() const {
  if (!cluster_) return dns::Status::not_ready;
  return cluster_->stale_since() == 0 ? dns::Status::ready : dns::Status::stale;
}

void Resolver::follow(const std::shared_ptr<const metadata::Cluster>& cluster) {
  names_.follow(cluster);
  const auto before = std::exchange(cluster_, cluster);
  publish();
  delays_.answered(before ? *before : *cluster, *cluster);
}

// A file that is gone or broken leaves what was known of it in place.
dns::Result<void> Resolver::read_answers() {
  if (options_.answers.empty()) {
    broken_answers_.clear();
    take({});
    return {};
  }
  auto answers = dnsd::read_answers(options_.answers, ttl_of(options_));
  if (!answers) {
    broken_answers_ = answers.error().text;
    log::error("the answers file is not taken; what was known of it goes on",
               {{"reason", broken_answers_}});
    summarize();
    return answers.error();
  }
  broken_answers_.clear();
  log::info("answers", {{"file", options_.answers}});
  take(std::move(answers).value());
  return {};
}

// Null where there are none.
dns::Result<std::shared_ptr<const dns::Rules>> Resolver::compile_rules() {
  rule_stamps_ = rule_stamps(options_);
  const auto rules = dnsd::read_rules(options_);
  if (!rules) return rules.error();
  rule_problems_.clear();
  return rules->empty() ? nullptr : std::make_shared<const dns::Rules>(*rules, rule_problems_);
}

// As with the answers file.
std::shared_ptr<const dns::Rules> Resolver::first_rules() {
  auto rules = compile_rules();
  if (!rules) throw std::runtime_error("rules: " + rules.error().text);
  return std::move(*rules);
}

dns::Result<void> Resolver::read_rules() {
  const auto rules = compile_rules();
  broken_rules_ = rules ? "" : rules.error().text;
  if (rules) {
    server_.set_rules(*rules);
  } else {
    log::error("the rules are not taken; those before go on", {{"reason", broken_rules_}});
  }
  summarize();
  return rules ? dns::Result<void>() : rules.error();
}

// Other zones make other compiled names: then all of them are made again.
void Resolver::take(AnswersFile answers) {
  const bool has_same_zones = answers.authoritative == answers_.authoritative;
  const bool has_same_upstreams = answers.common.recurse == answers_.common.recurse;
  answers_ = std::move(answers);
  if (!has_same_zones) {
    names_ = NamesFromCluster(options_, answers_.authoritative, others_.zones());
    reach_stamp_ = {};
    (void)update_reach();
    if (cluster_) names_.follow(cluster_);
    contribute();
  } else {
    names_.take(answers_);
  }
  publish();
  if (!has_same_upstreams) forward();
}

void Resolver::forward() {
  log_forwarding(server_.forward(forward_options(options_, answers_, sets_, stubs_)));
}

void Resolver::publish() {
  auto authority = names_.authority();
  auto views = names_.views();
  if (views != views_ && names_.upstream_sets() != sets_) {
    sets_ = names_.upstream_sets();
    (void)server_.forward(
        forward_options(options_, answers_, sets_, stubs_));  // before a view names them
  }
  if (authority != authority_ || views != views_) {
    server_.publish(authority, views);
    authority_ = std::move(authority);  // the last references to the old ones fall here
    views_ = std::move(views);
  }
  summarize();
}

void Resolver::summarize() {
  Summary summary{.is_known = cluster_ != nullptr,
                  .revision = cluster_ ? cluster_->revision() : 0,
                  .names = authority_->name_count(),
                  .bytes = authority_->memory() + (views_ ? views_->memory() : 0),
                  .views = views_ ? views_->size() : 0,
                  .problems = names_.problems(),
                  .losses = others_.losses(),
                  .broken_answers = broken_answers_,
                  .broken_rules = broken_rules_,
                  .has_coredns_metrics = options_.coredns_metrics};
  std::ranges::move(others_.problems(), std::back_inserter(summary.problems));
  std::ranges::copy(rule_problems_, std::back_inserter(summary.problems));
  const std::lock_guard lock(summary_lock_);
  summary_ = std::move(summary);
}

dns::Result<void> Resolver::reload(const Options& options) {
  options_ = options;
  answers_stamp_ = stamp_of(options_.answers);
  auto result = read_answers();
  others_.forget_stamps();
  update_others();
  auto rules = read_rules();
  forward();
  if (options_.query_log != query_log_) server_.set_query_log(query_log_ = options_.query_log);
  return result ? rules : result;
}

std::int64_t Resolver::stale_since() const {
  const auto cluster = store_ ? store_->cluster() : nullptr;
  return cluster ? cluster->stale_since() : 0;
}

runtime::Status Resolver::status() const {
  const auto health = store_ ? store_->health() : metadata::StoreHealth{};
  const std::lock_guard lock(summary_lock_);
  return summary_.status({.source = source_,
                          .health = health,
                          .stale_since = stale_since(),
                          .forwarding = server_.forwarding(),
                          .listen = server_.endpoints()});
}

void Resolver::metrics(runtime::MetricsText& out) const {
  const auto counters = server_.counters();
  write_metrics(counters, out);
  write_delays(delays_, out);
  const auto health = store_ ? store_->health() : metadata::StoreHealth{};
  const std::lock_guard lock(summary_lock_);
  if (summary_.has_coredns_metrics) write_coredns_metrics(counters, delays_, out);
  summary_.write_metrics(out);
  out.gauge("paddock_source_stale_since_seconds",
            "Unix time since when it may be old; 0: it is not.");
  out.sample(static_cast<double>(stale_since()) / 1000.0);
  out.gauge("paddock_source_connected", "1 while in touch with the source.");
  out.sample(health.is_connected ? 1 : 0);
}

}  // namespace paddock::dnsd
