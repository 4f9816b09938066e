// SPDX-License-Identifier: Apache-2.0
#include "metadatad/service.hpp"

#include "runtime/cluster_source.hpp"
#include "runtime/log.hpp"
#include "runtime/systemd.hpp"

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/open_store.hpp>

#include <boost/asio/ip/address.hpp>
#include <grp.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace paddock::metadatad {
namespace {

namespace log = runtime::log;
using std::chrono::milliseconds;
constexpr milliseconds stop_grace{1000};  // for clients who have connected and not asked yet

std::string host_name(const Options& options) {
  if (!options.host_name.empty()) return options.host_name;
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::optional<std::uint32_t> group_of(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const auto* entry = ::getgrnam(name.c_str());
  if (entry == nullptr) {
    throw std::runtime_error("there is no group " + name + " for the socket (--socket-group)");
  }
  return entry->gr_gid;
}

void log_failure(std::string_view path, std::string_view what) {
  log::error("request failed", {{"path", path}, {"reason", what}});
}

metadata::Reload ask(runtime::Reloads& reloads) {
  return [&reloads](metadata::ReloadAnswer answer) { reloads.ask(std::move(answer)); };
}

metadata::TcpEndpoint endpoint_of(const std::string& text) {
  const auto colon = text.rfind(':');
  auto host = colon == 0 ? "0.0.0.0" : text.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return {boost::asio::ip::make_address(host),
          static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)))};
}

// The API beyond this host: never without asking who comes, nor in the open.
void listen_beyond_this_host(const Options& options, metadata::ApiOptions& api) {
  for (const auto& listen : options.api_listen) {
    if (listen == "none") continue;
    const auto endpoint = endpoint_of(listen);
    if (options.api_token_file.empty() && options.api_tls.client_ca_file.empty()) {
      throw std::runtime_error("--api-listen " + listen +
                               " wants --api-token-file or --api-client-ca, to know who comes");
    }
    if (options.api_tls.certificate_file.empty() && !endpoint.address.is_loopback()) {
      throw std::runtime_error(
          "--api-listen " + listen +
          " wants --api-certificate: tokens would go over the wire in the open");
    }
    api.http.tcp.push_back(endpoint);
  }
  api.token_file = options.api_token_file;
  api.http.tls = options.api_tls;
  api.http.tls.certificate_is_optional = !options.api_token_file.empty();
  api.http.on_certificate_refused = [](std::string_view why) {
    log::error("the API's new certificate is refused; the old one stays", {{"reason", why}});
  };
}

// Where to go on, and how to end, below a service manager.
void inherit(metadata::HttpOptions& http, const Options& options,
             metadata::InheritedSockets& inherited) {
  http.inherited = &inherited;
  http.hands_sockets_on = runtime::has_service_manager();
  // Another number of workers may come after this process, and they share their addresses.
  http.reuse_port = options.replace || http.hands_sockets_on;
}

metadata::ApiOptions api_options(const Options& options, runtime::Reloads& reloads,
                                 metadata::InheritedSockets& inherited) {
  runtime::make_directory(std::filesystem::path(options.socket).parent_path());
  metadata::ApiOptions api;
  inherit(api.http, options, inherited);
  api.http.unix_sockets = {{.path = options.socket,
                            .mode = 0660,
                            .group = group_of(options.socket_group),
                            .takes_over = options.replace}};
  api.http.on_handler_failed = log_failure;
  listen_beyond_this_host(options, api);
  api.version = runtime::version();
  api.reload = ask(reloads);
  return api;
}

metadata::DocumentOptions document_options(const Options& options,
                                           metadata::InheritedSockets& inherited) {
  metadata::DocumentOptions documents;
  inherit(documents.http, options, inherited);
  for (const auto& listen : options.listen) {
    if (listen != "none") documents.http.tcp.push_back(endpoint_of(listen));
  }
  documents.http.on_handler_failed = log_failure;
  documents.http.max_connections = options.max_connections;
  documents.http.max_connections_per_client = options.max_connections_per_client;
  documents.workers = options.workers;
  documents.trust_forwarded_for = options.xff;
  documents.require_session_token = options.require_token;
  documents.visibility = options.visibility == "namespace" ? metadata::Visibility::own_namespace
                         : options.visibility == "self"    ? metadata::Visibility::self
                                                           : metadata::Visibility::all;
  documents.host = host_name(options);
  documents.environment_name = options.environment;
  documents.environment_uuid = options.environment_uuid;
  documents.region_name = options.region;
  return documents;
}

// Where reloads are taken; nothing: only on the socket.
std::optional<metadata::TcpEndpoint> reload_endpoint(const Options& options) {
  const std::string usual = options.answers.empty() ? "none" : "127.0.0.1:8112";
  const std::string& wanted = options.listen_reload.empty() ? usual : options.listen_reload;
  return wanted == "none" ? std::nullopt : std::optional(endpoint_of(wanted));
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

std::unique_ptr<metadata::Store> open_store(const Options& options) {
  metadata::StoreOptions store;
  store.access = options.store_access;
  store.directory = options.state_dir;
  store.waits_for_directory = options.replace;
  store.audit_bytes = std::size_t{options.audit_mb} << 20U;
  store.audit_files = options.audit_files;
  store.owner_time = std::chrono::duration_cast<std::chrono::seconds>(options.owner_time);
  store.node = host_name(options);
  store.all_pods = options.all_pods;
  store.imports = options.imports;
  store.ingresses = options.ingresses;
  store.events = runtime::log_store_events(options.store, [] {});
  const auto location = metadata::parse_store_location(options.store).value();
  runtime::make_directory(location.folder.empty() ? options.state_dir : location.folder, 0750);
  return metadata::open_store(options.store, std::move(store));
}

Service::Service(const Options& options, std::unique_ptr<metadata::Store> store,
                 std::function<void()> changed)
    : host_(host_name(options)),
      store_(std::move(store)),
      reloads_(changed),
      passed_(runtime::passed_sockets()),
      inherited_(std::in_place, passed_),
      api_(store_, api_options(options, reloads_, *inherited_)) {
  if (auto wanted = document_options(options, *inherited_); !wanted.http.tcp.empty()) {
    documents_.emplace(std::move(wanted));
  }
  if (const auto endpoint = reload_endpoint(options)) {
    metadata::HttpOptions http;
    http.tcp = {*endpoint};
    http.on_handler_failed = log_failure;
    inherit(http, options, *inherited_);
    reload_.emplace(std::move(http), ask(reloads_));
  }
  leave_sockets();
  if (!options.answers.empty()) {
    answers_.emplace(options.answers);
    // A file that cannot be read is no reason not to start: it can be mended and read again.
    (void)answers_->read();
  }
  publish();
  subscription_ = store_.subscribe(std::move(changed));
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
  status.detail = detail.dump();
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
