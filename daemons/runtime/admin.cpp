// SPDX-License-Identifier: Apache-2.0
#include "runtime/admin.hpp"

#include "runtime/daemon.hpp"
#include "runtime/process_metrics.hpp"

#include <paddock/metadata/http_server.hpp>

#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

namespace paddock::runtime {
namespace {

namespace asio = boost::asio;
using json = nlohmann::ordered_json;
using std::chrono::steady_clock;

// A control loop that has been at one thing for this long is stuck, not busy.
constexpr std::chrono::seconds stuck_after{30};

metadata::TcpEndpoint parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  auto host = text.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return {asio::ip::make_address(host),
          static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)))};
}

std::string format_endpoint(const metadata::TcpEndpoint& endpoint) {
  const auto host = endpoint.address.to_string();
  return (endpoint.address.is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port);
}

std::string dump(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

metadata::Response answer(int status, std::string_view type, std::string body) {
  metadata::Response response;
  response.status = status;
  response.content_type = type;
  response.headers = "Cache-Control: no-store\r\n";
  response.body = std::move(body);
  return response;
}

}  // namespace

struct Admin::Server {
  std::string daemon;
  const Lifecycle& lifecycle;
  AdminPages pages;
  steady_clock::time_point started = steady_clock::now();
  std::optional<metadata::HttpServer> http;

  [[nodiscard]] std::int64_t uptime() const {
    return std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now() - started).count();
  }
  [[nodiscard]] metadata::Response route(const metadata::Request& request) const;
  [[nodiscard]] metadata::Response health() const;
  [[nodiscard]] metadata::Response readiness() const;
  [[nodiscard]] metadata::Response status() const;
  [[nodiscard]] metadata::Response metrics() const;
};

metadata::Response Admin::Server::route(const metadata::Request& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    auto refused = answer(405, "text/plain; charset=utf-8", "only GET and HEAD\n");
    refused.headers += "Allow: GET, HEAD\r\n";
    return refused;
  }
  if (request.path == "/healthz") return health();
  if (request.path == "/readyz") return readiness();
  if (request.path == "/status") return status();
  if (request.path == "/metrics") return metrics();
  if (pages.own) {
    if (auto page = pages.own(request.path)) return answer(200, "application/json", *page + "\n");
  }
  return answer(request.path == "/" ? 200 : 404, "text/plain; charset=utf-8",
                "/healthz\n/metrics\n/readyz\n/status\n");
}

metadata::Response Admin::Server::health() const {
  const auto age = lifecycle.beat_age();
  if (age < stuck_after) return answer(200, "text/plain; charset=utf-8", "ok\n");
  return answer(
      503, "text/plain; charset=utf-8",
      "the control loop has not turned for " + std::to_string(age.count() / 1000) + " s\n");
}

metadata::Response Admin::Server::readiness() const {
  const auto now = pages.status();
  json reasons = json::array();
  for (const auto& problem : now.problems) {
    if (problem.severity == Problem::Severity::error) reasons.push_back(problem.text);
  }
  return answer(now.ready ? 200 : 503, "application/json",
                dump({{"ready", now.ready}, {"reasons", std::move(reasons)}}));
}

metadata::Response Admin::Server::status() const {
  const auto now = pages.status();
  json problems = json::array();
  for (const auto& problem : now.problems) {
    const bool is_error = problem.severity == Problem::Severity::error;
    problems.push_back({{"severity", is_error ? "error" : "warning"},
                        {"text", problem.text},
                        {"remedy", problem.remedy}});
  }
  return answer(200, "application/json",
                dump({{"daemon", daemon},
                      {"version", version()},
                      {"pid", ::getpid()},
                      {"uptime_seconds", uptime()},
                      {"ready", now.ready},
                      {"summary", now.summary},
                      {"problems", std::move(problems)},
                      {"detail", json::parse(now.detail)}}));
}

metadata::Response Admin::Server::metrics() const {
  MetricsText out;
  out.gauge("paddock_build_info", "Always 1; the labels say what runs.");
  out.sample(1, {{"daemon", daemon}, {"version", version()}});
  out.gauge("paddock_uptime_seconds", "Seconds since the daemon began to serve.");
  out.sample(uptime());
  out.gauge("paddock_ready", "1 when the daemon does its work, 0 when something keeps it from it.");
  out.sample(pages.status().ready ? 1 : 0);
  pages.metrics(out);
  write_process_metrics(out);
  return answer(200, "text/plain; version=0.0.4; charset=utf-8", out.text());
}

Admin::Admin(const std::string& daemon, const AdminPlaces& places, const Lifecycle& lifecycle,
             AdminPages pages)
    : server_(new Server{.daemon = daemon,
                         .lifecycle = lifecycle,
                         .pages = std::move(pages),
                         .started = steady_clock::now(),
                         .http = {}}) {
  metadata::HttpOptions options;
  if (places.listen != "none") options.tcp = {parse_endpoint(places.listen)};
  if (places.socket != "none") {
    make_directory(std::filesystem::path(places.socket).parent_path());
    options.unix_sockets = {{.path = places.socket, .mode = 0600, .group = {}}};
  }
  if (options.tcp.empty() && options.unix_sockets.empty()) return;
  options.reuse_port = places.is_shared;
  options.max_connections = 64;
  options.on_handler_failed = [](std::string_view path, std::string_view what) {
    log::error("admin page failed", {{"path", path}, {"reason", what}});
  };
  server_->http.emplace(std::move(options),
                        [server = server_.get()](const metadata::Request& request) {
                          return server->route(request);
                        });
  server_->http->start();
}

Admin::~Admin() = default;

std::string Admin::endpoint() const {
  if (!server_->http || server_->http->tcp_endpoints().empty()) return "";
  return format_endpoint(server_->http->tcp_endpoints().front());
}

}  // namespace paddock::runtime
