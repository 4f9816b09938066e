// SPDX-License-Identifier: Apache-2.0
#include "http/head_parser.hpp"
#include "http/loop.hpp"

#include <paddock/metadata/http_server.hpp>

#include <algorithm>

namespace paddock::metadata {

PathSegments::PathSegments(std::string_view path) {
  if (!path.starts_with('/')) return;  // "*"
  for (std::size_t begin = 1; begin < path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    std::string_view segment = path.substr(begin, end - begin);
    if (http::has_escape(segment)) {
      if (decoded_.empty())
        decoded_.reserve(path.size());  // never longer: views into it stay valid
      const std::size_t decoded = decoded_.size();
      (void)http::append_form_decoded(decoded_, segment);
      segment = std::string_view(decoded_).substr(decoded);
    }
    segments_.push_back(segment);
    begin = end + 1;
  }
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const Header& candidate : headers) {
    if (http::equals_ignoring_case(candidate.name, name)) return candidate.value;
  }
  return std::nullopt;
}

std::optional<std::string> Request::parameter(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    std::string key;
    if (!http::append_form_decoded(key, pair.substr(0, equals)) || key != name) continue;
    std::string value;
    const std::string_view raw = pair.substr(std::min(equals + 1, pair.size()));
    if (!http::append_form_decoded(value, raw)) value = raw;
    return value;
  }
  return std::nullopt;
}

HttpServer::HttpServer(HttpOptions options, Handler handler)
    : loop_(std::make_unique<Loop>(std::move(options), std::move(handler))) {}
HttpServer::~HttpServer() = default;

void HttpServer::start() { loop_->start(); }
void HttpServer::stop(std::chrono::milliseconds grace) { loop_->stop(grace); }
void HttpServer::post(std::function<void()> work) { loop_->post(std::move(work)); }
void HttpServer::wake(ConnectionId connection) { loop_->wake(connection); }
std::vector<TcpEndpoint> HttpServer::tcp_endpoints() const { return loop_->tcp_endpoints(); }
std::vector<int> HttpServer::sockets() const { return loop_->sockets(); }
HttpCounters HttpServer::counters() const { return loop_->counters(); }

}  // namespace paddock::metadata
