// SPDX-License-Identifier: Apache-2.0
#include "service/reload.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace paddock::metadata {
namespace service {
namespace {

// A large file takes seconds to read; beyond this the reader is asked no longer.
constexpr std::chrono::seconds reload_limit{60};

Response accepted() { return {.content_type = "text/plain; charset=utf-8", .body = "OK"}; }

// Filled on the server's thread.
struct ReloadOutcome {
  std::optional<Result<void>> result;
};

class PendingReload final : public LongPoll {
 public:
  using Refusal = Response (*)(int status, std::string_view text);
  PendingReload(std::shared_ptr<ReloadOutcome> outcome, Refusal refusal)
      : outcome_(std::move(outcome)), refusal_(refusal) {}
  std::optional<Response> poll(bool expired) override {
    if (outcome_->result) {
      return *outcome_->result ? accepted() : refusal_(500, outcome_->result->error().text);
    }
    if (!expired) return std::nullopt;
    return refusal_(503, "still reading; the log will say what came of it");
  }

 private:
  std::shared_ptr<ReloadOutcome> outcome_;
  Refusal refusal_;
};

Response in_words(int status, std::string_view text) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::string(text)};
}

}  // namespace

Response reload(const Reload& reload, const std::shared_ptr<Mailbox>& mailbox,
                ConnectionId connection, PendingReload::Refusal refusal) {
  if (!reload) return accepted();
  auto outcome = std::make_shared<ReloadOutcome>();
  Response response{.wait = std::make_unique<PendingReload>(outcome, refusal),
                    .wait_until = std::chrono::steady_clock::now() + reload_limit};
  reload([mailbox, outcome, connection](const Result<void>& result) {
    mailbox->post([outcome, connection, result](HttpServer& server) {
      outcome->result = result;
      server.wake(connection);
    });
  });
  return response;
}

}  // namespace service

struct ReloadService::State {
  State(HttpOptions http, Reload given)
      : reload(std::move(given)),
        server(std::move(http), [this](const Request& request) { return route(request); }),
        mailbox(std::make_shared<service::Mailbox>(server)) {}
  ~State() {
    mailbox->close();
    server.stop(std::chrono::seconds(1));
  }

  Response route(const Request& request) {
    if (request.path != "/v1/reload") return service::in_words(404, "404 page not found\n");
    if (request.method == "POST") {
      return service::reload(reload, mailbox, request.connection, service::in_words);
    }
    Response refused = service::in_words(405, "405 method not allowed\n");
    refused.headers = "Allow: POST\r\n";
    return refused;
  }

  Reload reload;
  HttpServer server;
  std::shared_ptr<service::Mailbox> mailbox;
};

ReloadService::ReloadService(HttpOptions http, Reload reload)
    : state_(std::make_unique<State>(std::move(http), std::move(reload))) {}
ReloadService::~ReloadService() = default;

void ReloadService::start() { state_->server.start(); }
void ReloadService::stop(std::chrono::milliseconds grace) { state_->server.stop(grace); }
std::vector<TcpEndpoint> ReloadService::tcp_endpoints() const {
  return state_->server.tcp_endpoints();
}
std::vector<int> ReloadService::sockets() const { return state_->server.sockets(); }

}  // namespace paddock::metadata
