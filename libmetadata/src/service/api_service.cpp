// SPDX-License-Identifier: Apache-2.0
//
// The routes of docs/stream-api.md.
#include "service/entity_tag.hpp"
#include "service/object_list.hpp"
#include "service/problem.hpp"
#include "service/reload.hpp"
#include "service/tokens.hpp"
#include "service/watch.hpp"
#include "service/writes.hpp"

#include <paddock/metadata/service.hpp>
#include <paddock/metadata/store.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <optional>
#include <utility>

namespace paddock::metadata {
namespace {

using namespace service;
using Clock = std::chrono::steady_clock;

constexpr std::string_view reading = "GET, HEAD";
constexpr std::string_view nothing_known = "the store has not told yet what the cluster holds";

bool is_read(const Request& request) { return request.method == "GET" || request.is_head(); }

// The parameter as a number in bounds; an Error when it is something else.
struct Bounds {
  std::uint64_t least = 0;
  std::uint64_t most = UINT64_MAX;
};
Result<std::optional<std::uint64_t>> number(const Request& request, const char* name,
                                            Bounds bounds) {
  const auto text = request.parameter(name);
  if (!text) return std::optional<std::uint64_t>();
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failed != std::errc{} || end != text->data() + text->size() || text->empty() ||
      value < bounds.least || value > bounds.most) {
    std::string why = std::string(name) + " must be a number";
    if (bounds.most != UINT64_MAX) {
      why += " from " + std::to_string(bounds.least) + " to " + std::to_string(bounds.most);
    }
    return Error{make_error_code(boost::system::errc::invalid_argument), why};
  }
  return std::optional(value);
}

// 304 when the reader has what this tag names, else nothing.
std::optional<Response> unless_changed(const Request& request, const std::string& tag) {
  const auto known = request.header("If-None-Match");
  if (!known || !lists_tag(*known, tag, Comparison::weak)) return std::nullopt;
  return Response{.status = 304, .headers = "ETag: " + tag + "\r\n"};
}

}  // namespace

struct ApiService::State {
  State(Store& the_store, ApiOptions given)
      : options(std::move(given)),
        store(the_store),
        tokens(options.token_file),
        watchers{Watchers(the_store, Part::all), Watchers(the_store, Part::names),
                 Watchers(the_store, Part::hosts)},
        server(http_options(options), [this](const Request& request) { return admit(request); }),
        mailbox(std::make_shared<Mailbox>(server)) {}
  ~State() {
    subscription.reset();
    mailbox->close();
    server.stop(std::chrono::seconds(1));
  }

  static HttpOptions http_options(const ApiOptions& options) {
    HttpOptions http = options.http;
    http.body_limit = Limits::object_bytes;
    return http;
  }

  Response admit(const Request& request);
  Response route(const Request& request);
  Response collection(const Request& request, Kind kind, std::optional<std::string> ns);
  Response object(const Request& request, const Key& key);
  Response list(const Request& request, Selection selection);
  Response cluster(const Request& request);
  Response watch_cluster(const Request& request);
  Response keep(const Request& request, const std::string& owner);
  Response audit(const Request& request);
  Response status() const;
  void tell_watchers();

  ApiOptions options;
  Store& store;
  Clock::time_point started = Clock::now();
  Tokens tokens;
  std::array<Watchers, 3> watchers;  // of each part; they outlive the server's streams
  HttpServer server;
  std::shared_ptr<Mailbox> mailbox;
  std::atomic<bool> is_telling = false;
  Subscription subscription;
};

// Processes of this host have the socket's mode to pass, the others a certificate or a token.
Response ApiService::State::admit(const Request& request) {
  const Peer& peer = *request.peer;
  const bool is_certified = !peer.certificate.empty() && peer.certificate != "-";
  if (peer.is_local || is_certified ||
      (options.token_file.empty() && options.http.tls.client_ca_file.empty())) {
    return route(request);
  }
  const auto holder = tokens.holder_of(request.header("Authorization").value_or(""));
  if (!holder) {
    Response refused = problem(401, "show a token, or a certificate, that is known here");
    refused.headers = "WWW-Authenticate: Bearer\r\n";
    return refused;
  }
  if (!holder->may_write && !is_read(request)) return problem(403, "this token may only read");
  Request named = request;
  Peer with_name = peer;
  with_name.certificate = "token:" + holder->name;
  named.peer = &with_name;
  return route(named);
}

Response ApiService::State::route(const Request& request) {
  const PathSegments segments = request.segments();
  if (segments.size() < 2 || segments[0] != "v1") return problem(404, "there is no such path");
  const std::string_view name = segments[1];
  if (const auto kind = kind_of_plural(name)) {
    switch (segments.size()) {
      case 2:
        return collection(request, *kind, std::nullopt);
      case 3:
        if (has_namespace(*kind)) return collection(request, *kind, std::string(segments[2]));
        return object(request, {*kind, "", std::string(segments[2])});
      case 4:
        if (!has_namespace(*kind)) break;
        return object(request, {*kind, std::string(segments[2]), std::string(segments[3])});
      default:
        break;
    }
    return problem(404, "there is no such path");
  }
  if (name == "owners" && segments.size() == 3) return keep(request, std::string(segments[2]));
  if (segments.size() != 2) return problem(404, "there is no such path");
  if (name == "reload") {
    if (request.method != "POST") return not_allowed("POST");
    return service::reload(options.reload, mailbox, request.connection,
                           [](int code, std::string_view text) { return problem(code, text); });
  }
  if (name != "cluster" && name != "audit" && name != "status") {
    return problem(404, "there is no such path");
  }
  if (!is_read(request)) return not_allowed(reading);
  if (name == "cluster") return cluster(request);
  return name == "audit" ? audit(request) : status();
}

Response ApiService::State::collection(const Request& request, Kind kind,
                                       std::optional<std::string> ns) {
  if (!is_read(request)) return not_allowed(reading);
  return list(request, {kind, std::move(ns)});
}

Response ApiService::State::list(const Request& request, Selection selection) {
  auto cluster = store.cluster();
  if (!cluster) return not_ready(nothing_known);
  const std::string tag = quoted(cluster->revision());
  if (auto unchanged = unless_changed(request, tag)) return std::move(*unchanged);
  std::string opening = "{";
  if (!selection.kind) opening += "\"store\":\"" + cluster->store() + "\",";
  opening += "\"revision\":" + std::to_string(cluster->revision()) + ",\"objects\":[";
  return {.content_type = json_type,
          .headers = "ETag: " + tag + "\r\n",
          .stream = object_list(std::move(cluster), std::move(selection), std::move(opening))};
}

Response ApiService::State::object(const Request& request, const Key& key) {
  if (request.method == "PUT") return put(store, mailbox, request, key);
  if (request.method == "DELETE") return erase(store, mailbox, request, key);
  if (!is_read(request)) return not_allowed("GET, HEAD, PUT, DELETE");
  const auto cluster = store.cluster();
  if (!cluster) return not_ready(nothing_known);
  const ObjectPtr found = cluster->find(key);
  if (!found) return problem(404, "there is no " + format(key));
  const std::string tag = quoted(found->revision);
  if (auto unchanged = unless_changed(request, tag)) return std::move(*unchanged);
  Response response{.content_type = json_type, .headers = "ETag: " + tag + "\r\n"};
  append_json(response.body, *found);
  response.body += '\n';
  return response;
}

Response ApiService::State::cluster(const Request& request) {
  const auto watching = request.parameter("watch");
  if (watching && *watching != "true" && *watching != "false") {
    return problem(400, "watch must be true or false");
  }
  if (watching == "true") return watch_cluster(request);
  return list(request, {});
}

Response ApiService::State::watch_cluster(const Request& request) {
  const auto heartbeat = number(request, "heartbeat", {1, 60});
  if (!heartbeat) return problem(400, heartbeat.error().text);
  const auto since = number(request, "since", {});
  if (!since) return problem(400, since.error().text);
  const auto from = request.parameter("store");
  if (since->has_value() != from.has_value()) {
    return problem(400, "since and store belong together: a revision is one of a store");
  }
  const auto part = part_of_name(request.parameter("part").value_or("all"));
  if (!part) return problem(400, "part must be all, names or hosts");
  Watchers& readers = watchers[static_cast<std::size_t>(*part)];
  readers.advance(Watchers::Pace::now);
  if (!readers.cluster()) return not_ready(nothing_known);
  WatchStart start{.connection = request.connection,
                   .heartbeat = std::chrono::seconds(heartbeat->value_or(5)),
                   .missed = nullptr};
  if (*since) {
    if (*from == readers.cluster()->store()) start.missed = readers.missed(**since);
    if (!start.missed) {
      readers.rest();
      return problem(410, "since is of another store or too old: begin without it");
    }
  }
  Response response{.content_type = "application/x-ndjson",
                    .headers = "Cache-Control: no-store\r\n"};
  response.stream = watch(readers, std::move(start));
  return response;
}

Response ApiService::State::keep(const Request& request, const std::string& owner) {
  if (request.method != "POST") return not_allowed("POST");
  if (!is_name(Kind::host, owner)) return problem(400, "an owner is the name of a host");
  store.keep(owner);
  return {.status = 204};
}

Response ApiService::State::audit(const Request& request) {
  const auto limit = number(request, "limit", {0, 1'000'000});
  if (!limit) return problem(400, limit.error().text);
  Response response{.content_type = "application/x-ndjson"};
  for (const auto& line : store.audit(limit->value_or(100))) response.body += line + "\n";
  return response;
}

Response ApiService::State::status() const {
  const auto cluster = store.cluster();
  Response response{.content_type = json_type, .headers = "Cache-Control: no-store\r\n"};
  std::string& body = response.body;
  body = "{\"version\":";
  append_json_text(body, options.version);
  body += ",\"store\":";
  append_json_text(body, cluster ? cluster->store() : "");
  body += ",\"source\":";
  append_json_text(body, store.source());
  body += ",\"revision\":" + std::to_string(cluster ? cluster->revision() : 0);
  body += ",\"stale_since\":" + std::to_string(cluster ? cluster->stale_since() : 0);
  body += cluster ? ",\"ready\":true" : ",\"ready\":false";
  body += ",\"objects\":{";
  for (const Kind kind : all_kinds) {
    if (kind != all_kinds[0]) body += ',';
    append_json_text(body, plural(kind));
    body += ':' + std::to_string(cluster ? cluster->count(kind) : 0);
  }
  std::size_t readers = 0;
  for (const Watchers& of_part : watchers) readers += of_part.ids().size();
  body += "},\"watchers\":" + std::to_string(readers);
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started);
  body += ",\"uptime_seconds\":" + std::to_string(uptime.count()) + "}\n";
  return response;
}

// Many changes, one turn: what comes before the turn begins is seen by it.
void ApiService::State::tell_watchers() {
  if (is_telling.exchange(true)) return;
  mailbox->post([this](HttpServer& http) {
    is_telling = false;
    for (const Watchers& of_part : watchers) {
      for (const ConnectionId id : of_part.ids()) http.wake(id);
    }
  });
}

ApiService::ApiService(Store& store, ApiOptions options)
    : state_(std::make_unique<State>(store, std::move(options))) {}
ApiService::~ApiService() = default;

void ApiService::start() {
  state_->subscription =
      state_->store.subscribe([state = state_.get()] { state->tell_watchers(); });
  state_->server.start();
}

void ApiService::stop(std::chrono::milliseconds grace) { state_->server.stop(grace); }
HttpCounters ApiService::counters() const { return state_->server.counters(); }
std::vector<TcpEndpoint> ApiService::tcp_endpoints() const {
  return state_->server.tcp_endpoints();
}

std::vector<int> ApiService::sockets() const { return state_->server.sockets(); }

}  // namespace paddock::metadata
