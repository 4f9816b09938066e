// SPDX-License-Identifier: Apache-2.0
#include "metadatad/service.hpp"

#include "metadatad/own_node.hpp"
#include "metadatad/service_options.hpp"
#include "runtime/log.hpp"
#include "runtime/systemd.hpp"

#include <paddock/metadata/cluster.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace paddock::metadatad {
namespace {

namespace log = runtime::log;
using std::chrono::milliseconds;
constexpr milliseconds stop_grace{1000};  // for who has not asked yet, and for writes

metadata::Reload ask(runtime::Reloads& reloads) {
  return [&reloads](metadata::ReloadAnswer answer) { reloads.ask(std::move(answer)); };
}

double stale_seconds(const metadata::Cluster& cluster) {
  if (cluster.stale_since() == 0) return 0;
  const auto now =
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  return static_cast<double>(now.count() - cluster.stale_since()) / 1000;
}

void write_requests(runtime::MetricsText& out, const metadata::HttpCounters& api,
                    const metadata::HttpCounters& documents) {
  const auto both = [&](std::uint64_t metadata::HttpCounters::*field) {
    out.sample(api.*field, {{"service", "api"}});
    out.sample(documents.*field, {{"service", "documents"}});
  };
  out.counter("paddock_metadata_http_requests_total", "Requests answered.");
  both(&metadata::HttpCounters::requests);
  out.counter("paddock_metadata_http_bad_requests_total",
              "Requests that were not HTTP, too large or too slow.");
  both(&metadata::HttpCounters::bad_requests);
  out.counter("paddock_metadata_http_connections_total", "Connections accepted.");
  both(&metadata::HttpCounters::connections_accepted);
  out.counter("paddock_metadata_http_connections_refused_total",
              "Connections closed at once because there were too many.");
  both(&metadata::HttpCounters::connections_refused);
  out.counter("paddock_metadata_http_connections_shed_total",
              "Connections ended to make room for other clients.");
  both(&metadata::HttpCounters::connections_shed);
  out.gauge("paddock_metadata_http_connections", "Connections open.");
  both(&metadata::HttpCounters::connections_open);
  out.gauge("paddock_metadata_http_waiting", "Requests that wait for a change.");
  both(&metadata::HttpCounters::waiting);
}

}  // namespace

Service::Service(const Options& options, std::unique_ptr<metadata::Store> store,
                 std::function<void()> changed)
    : host_(host_name(options)),
      reads_one_node_(options.store.starts_with("kubernetes:") && !options.all_pods),
      store_(std::move(store)),
      reloads_(changed),
      passed_(runtime::passed_sockets()),
      inherited_(std::in_place, passed_),
      api_(store_, api_options(options, ask(reloads_), *inherited_)) {
  if (auto wanted = document_options(options, *inherited_); !wanted.http.tcp.empty()) {
    documents_.emplace(std::move(wanted));
  }
  if (const auto endpoint = reload_endpoint(options)) {
    reload_.emplace(http_options(options, {*endpoint}, *inherited_), ask(reloads_));
  }
  leave_sockets();
  if (!options.answers.empty()) {
    answers_.emplace(options.answers);
    // A file that cannot be read is no reason not to start: it can be mended and read again.
    (void)answers_->read();
  }
  // What comes before the next edition is made is in it: nobody has to be told again.
  subscription_ = store_.subscribe([this, changed = std::move(changed)] {
    if (!is_edition_asked_.exchange(true)) changed();
  });
  publish();
  api_.start();
  if (documents_) documents_->start();
  if (reload_) reload_->start();
}

void Service::leave_sockets() {
  inherited_.reset();
  auto sockets = api_.sockets();
  const auto add = [&](const std::vector<int>& more) {
    sockets.insert(sockets.end(), more.begin(), more.end());
  };
  if (documents_) add(documents_->sockets());
  if (reload_) add(reload_->sockets());
  runtime::leave_sockets(sockets, passed_);
}

Service::~Service() {
  subscription_.reset();
  if (reload_) reload_->stop(stop_grace);
  if (documents_) documents_->stop(stop_grace);
  api_.stop(stop_grace);
}

void Service::keep_host() { store_.keep(host_); }

void Service::publish() {
  is_edition_asked_ = false;
  if (!documents_) return;
  answers_ ? documents_->publish(answers_->answers()) : documents_->publish(store_.cluster());
}

void Service::read_again(const metadata::Result<void>& configuration) {
  const auto asked = reloads_.take();
  metadata::Result<void> outcome = configuration;
  if (const auto read = store_.reload(); !read) outcome = read;
  if (answers_) {
    if (const auto read = answers_->read(); !read) outcome = read;
    publish();
  }
  for (const auto& answer : asked) answer(outcome);
}

void Service::add_answers_problems(runtime::Status& status) const {
  using Severity = runtime::Problem::Severity;
  const auto state = answers_->state();
  const std::string remedy =
      "mend " + answers_->file() + ", then: systemctl reload paddock-metadatad";
  if (!state.is_known) {
    status.ready = false;
    status.problems.push_back({Severity::error, "pods are told nothing: " + state.trouble, remedy});
  } else if (!state.trouble.empty()) {
    status.problems.push_back(
        {Severity::warning, "pods are told what was known before: " + state.trouble, remedy});
  }
}

std::string Service::summary() const {
  const auto cluster = store_.cluster();
  if (!cluster) return "nothing is known yet";
  const auto count = [&](metadata::Kind kind, const std::string& one) {
    const auto n = cluster->count(kind);
    return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
  };
  return count(metadata::Kind::service, "service") + ", " + count(metadata::Kind::pod, "pod") +
         ", revision " + std::to_string(cluster->revision());
}

runtime::Status Service::status() const {
  using Severity = runtime::Problem::Severity;
  const auto cluster = store_.cluster();
  runtime::Status status{.ready = cluster != nullptr, .summary = summary(), .problems = {}};
  nlohmann::ordered_json detail{{"source", store_.source()}, {"writable", store_.is_writable()}};
  if (!cluster) {
    const auto why = store_.health().last_error;
    status.problems.push_back(
        {Severity::error, "nothing is known of the cluster yet",
         "it waits for " + store_.source() + (why.empty() ? "" : ": ") + why});
  } else {
    detail["store"] = cluster->store();
    detail["revision"] = cluster->revision();
    for (const auto kind : metadata::all_kinds) {
      detail["objects"][std::string(metadata::plural(kind))] = cluster->count(kind);
    }
    if (const auto stale = stale_seconds(*cluster); stale > 0) {
      const auto seconds = static_cast<long long>(stale);
      status.problems.push_back(
          {Severity::warning,
           "nothing heard from " + store_.source() + " for " + std::to_string(seconds) +
               " s; serving what was known",
           "look after " + store_.source() + ": " + store_.health().last_error});
    }
  }
  if (reads_one_node_ && cluster) {
    if (auto problem = own_node_problem(*cluster, host_)) status.problems.push_back(*problem);
  }
  for (const auto& problem : store_.health().problems) {
    status.problems.push_back({Severity::warning, "left out: " + metadata::format(problem),
                               "correct the object, or delete it"});
  }
  if (const auto trouble = store_.trouble(); !trouble.empty()) {
    status.problems.push_back({Severity::error, "changes cannot be stored: " + trouble,
                               "free space, or mend the disk, of " + store_.source()});
  }
  if (answers_) add_answers_problems(status);
  detail["watchers"] = api_.counters().streams;
  status.detail = detail.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return status;
}

void Service::metrics(runtime::MetricsText& out) const {
  if (const auto cluster = store_.cluster()) {
    out.gauge("paddock_metadata_revision", "Revision of the store.");
    out.sample(cluster->revision());
    out.gauge("paddock_metadata_objects", "Objects of the cluster.");
    for (const auto kind : metadata::all_kinds) {
      out.sample(cluster->count(kind), {{"kind", metadata::kind_name(kind)}});
    }
    out.gauge("paddock_metadata_stale_seconds", "Since when the source has not been heard of.");
    out.sample(stale_seconds(*cluster));
  }
  const auto health = store_.health();
  out.gauge("paddock_metadata_store_connected", "1 while in touch with what is behind the store.");
  out.sample(health.is_connected ? 1 : 0);
  out.gauge("paddock_metadata_left_out", "Objects that the store holds and cannot read.");
  out.sample(health.problems.size());
  const auto api = api_.counters();
  out.gauge("paddock_metadata_watchers", "Readers of the stream.");
  out.sample(api.streams);
  out.counter("paddock_metadata_writes_total", "Writes asked for.");
  for (std::size_t outcome = 0; outcome < MeasuredStore::outcomes; ++outcome) {
    out.sample(store_.writes(outcome), {{"outcome", MeasuredStore::name_of(outcome)}});
  }
  out.histogram("paddock_metadata_commit_seconds", "Time of accepted writes, until on disk.",
                store_.latency());
  if (answers_) {
    const auto state = answers_->state();
    out.counter("paddock_metadata_answers_readings_total", "Times the answers file was read.");
    out.sample(state.readings);
    out.counter("paddock_metadata_answers_failures_total",
                "Times it could not be, and what was known before stayed.");
    out.sample(state.failures);
    out.gauge("paddock_metadata_answers_problems", "What is odd in the answers that are served.");
    out.sample(state.problems);
  }
  write_requests(out, api, documents_ ? documents_->counters() : metadata::HttpCounters{});
}

}  // namespace paddock::metadatad
