// SPDX-License-Identifier: Apache-2.0
#include "dnsd/probes.hpp"

#include <chrono>
#include <utility>

namespace paddock::dnsd {
namespace {

constexpr std::chrono::seconds stuck_after{30};  // as for /healthz

metadata::Response text(int status, std::string body) {
  metadata::Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

std::string errors_of(const runtime::Status& status) {
  std::string errors;
  for (const auto& problem : status.problems) {
    if (problem.severity == runtime::Problem::Severity::error) errors += problem.text + "\n";
  }
  return errors;
}

}  // namespace

Probes::Probes(const Options& options, const runtime::Lifecycle& lifecycle,
               std::function<runtime::Status()> status)
    : lifecycle_(lifecycle), status_(std::move(status)) {
  metadata::HttpOptions http;
  for (const auto& endpoint : probe_endpoints(options)) {
    http.tcp.push_back({endpoint.address, endpoint.port});
  }
  if (http.tcp.empty()) return;
  http.reuse_port = options.replace;
  http.max_connections = 64;
  http_.emplace(std::move(http),
                [this](const metadata::Request& request) { return answer(request); });
  http_->start();
}

std::vector<metadata::TcpEndpoint> Probes::endpoints() const {
  return http_ ? http_->tcp_endpoints() : std::vector<metadata::TcpEndpoint>();
}

metadata::Response Probes::answer(const metadata::Request& request) const {
  if (request.path == "/health") {
    const bool is_alive = lifecycle_.beat_age() < stuck_after;
    return is_alive ? text(200, "OK") : text(503, "the control loop does not turn\n");
  }
  if (request.path == "/ready") {
    const auto now = status_();
    return now.ready ? text(200, "OK") : text(503, errors_of(now));
  }
  return text(404, "/health\n/ready\n");
}

}  // namespace paddock::dnsd
