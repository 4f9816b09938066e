// SPDX-License-Identifier: Apache-2.0
//
// The workers of the document service: each has a server, the newest snapshot, and the long polls
// that wait for the next.
#include "service/document_reply.hpp"

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/service.hpp>

#include <algorithm>
#include <utility>

namespace paddock::metadata {

constexpr std::size_t body_limit = 4096;  // nothing here is asked for with a body

struct DocumentService::State {
  State(DocumentOptions given) : options(std::move(given)) {
    HttpOptions http = options.http;
    http.body_limit = std::min(http.body_limit, body_limit);
    const unsigned count = std::max(options.workers, 1U);
    http.reuse_port = http.reuse_port || count > 1;
    for (unsigned i = 0; i < count; ++i) {
      auto& worker =
          workers.emplace_back(std::make_unique<service::DocumentWorker>(options, tokens, http));
      http.unix_sockets.clear();  // a path has one listener
      http.tcp = worker->server.tcp_endpoints();
    }
  }

  DocumentOptions options;
  service::SessionTokens tokens;
  std::vector<std::unique_ptr<service::DocumentWorker>> workers;
  std::mutex mutex;  // publish() may come from any thread
  std::shared_ptr<const documents::Edition> published;
};

DocumentService::DocumentService(DocumentOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}
DocumentService::~DocumentService() = default;

void DocumentService::start() {
  for (const auto& worker : state_->workers) worker->server.start();
}

void DocumentService::stop(std::chrono::milliseconds grace) {
  const auto deadline = std::chrono::steady_clock::now() + grace;
  for (const auto& worker : state_->workers) {
    worker->server.stop(std::max(std::chrono::milliseconds(0),
                                 std::chrono::duration_cast<std::chrono::milliseconds>(
                                     deadline - std::chrono::steady_clock::now())));
  }
}

void DocumentService::publish(std::shared_ptr<const Cluster> cluster) {
  if (!cluster) return;
  const std::scoped_lock lock(state_->mutex);
  const auto& options = state_->options;
  documents::Environment environment{
      .name = options.environment_name,
      .uuid = options.environment_uuid.empty() ? cluster->store() : options.environment_uuid,
      .region_name = options.region_name};
  const auto edition =
      documents::next_edition(state_->published.get(), std::move(cluster), std::move(environment));
  state_->published = edition;
  for (const auto& worker : state_->workers) {
    worker->server.post([&target = *worker, edition] { target.take(edition); });
  }
}

void DocumentService::publish(std::shared_ptr<const Answers> answers) {
  if (!answers) return;
  const std::scoped_lock lock(state_->mutex);
  state_->published.reset();
  for (const auto& worker : state_->workers) {
    worker->server.post([&target = *worker, answers] { target.take(answers); });
  }
}

HttpCounters DocumentService::counters() const {
  HttpCounters sum;
  for (const auto& worker : state_->workers) {
    const HttpCounters one = worker->server.counters();
    sum.connections_open += one.connections_open;
    sum.connections_accepted += one.connections_accepted;
    sum.connections_refused += one.connections_refused;
    sum.connections_shed += one.connections_shed;
    sum.requests += one.requests;
    sum.bad_requests += one.bad_requests;
    sum.timeouts += one.timeouts;
    sum.waiting += one.waiting;
    sum.streams += one.streams;
  }
  return sum;
}

std::vector<TcpEndpoint> DocumentService::tcp_endpoints() const {
  return state_->workers.front()->server.tcp_endpoints();
}

std::vector<int> DocumentService::sockets() const {
  std::vector<int> all;
  for (const auto& worker : state_->workers) {
    const auto its = worker->server.sockets();
    all.insert(all.end(), its.begin(), its.end());
  }
  return all;
}

}  // namespace paddock::metadata
