// SPDX-License-Identifier: Apache-2.0
#include "client/credentials.hpp"
#include "etcd/messages.hpp"

#include <paddock/metadata/client.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>
#include <utility>

namespace paddock::metadata::etcd {
namespace {

using std::chrono::milliseconds;

// etcd 3.4 and newer; 3.3.
constexpr std::array<const char*, 2> api_paths{"/v3", "/v3beta"};
constexpr std::size_t answer_limit = 512U << 20U;
constexpr milliseconds shortest_try{200};
constexpr milliseconds round_pause{100};  // when all endpoints have been asked

// So that a call which finds all but the last endpoint dead is still answered in time.
milliseconds time_of_a_try(const Options& options) {
  const auto tries = static_cast<std::int64_t>(options.endpoints.size());
  return std::max(shortest_try, options.timeout / tries);
}

metadata::ClientOptions connection_options(const Options& options, const std::string& endpoint) {
  metadata::ClientOptions connection{.server = endpoint, .access = options.access};
  connection.access.user.clear();
  connection.access.token_file.clear();
  connection.timeout = time_of_a_try(options);
  connection.body_limit = answer_limit;
  return connection;
}

bool is(const Error& error, Code code) { return error.code == make_error_code(code); }

// Whether another endpoint may know better.
bool is_unavailable(const Error& error) {
  if (error.code.category() != make_error_code(Code::unavailable).category()) {
    return error.code != boost::system::errc::operation_canceled;
  }
  return is(error, Code::unavailable) || is(error, Code::deadline_exceeded);
}

// The token has ended, or is of before a restart. etcd says it in several ways.
bool is_token_refused(const Error& error) {
  return is(error, Code::unauthenticated) ||
         error.text.find("invalid auth token") != std::string::npos ||
         error.text.find("user name is empty") != std::string::npos ||
         error.text.find("revision of auth store is old") != std::string::npos;
}

bool is_too_large(const Error& error) {
  return is(error, Code::resource_exhausted) || error.code == boost::system::errc::message_size;
}

Error with_context(Error error, const std::string& endpoint) {
  if (error.code.category() == make_error_code(Code::unavailable).category()) {
    error.text = "ask etcd at " + endpoint + ": " + error.text;
  }
  return error;
}

}  // namespace

struct Client::State {
  explicit State(Options given) : options(std::move(given)) {
    if (options.endpoints.empty()) throw std::invalid_argument("etcd needs an endpoint");
    for (const auto& endpoint : options.endpoints) {
      connections.emplace_back(connection_options(options, endpoint));
    }
  }

  // The body of the answer with status 200.
  Result<std::string> call(const std::string& path, const std::string& body);
  Result<std::string> call_once(const std::string& path, const std::string& body);
  Result<void> log_in();
  [[nodiscard]] metadata::ClientRequest request(const std::string& path, std::string body) const;
  [[nodiscard]] Error refusal(const metadata::ClientResponse& response) const;
  // Whether the path is unknown because this etcd speaks an older version: then it is tried again.
  [[nodiscard]] bool is_older(const metadata::ClientResponse& response);
  // What becomes of a watch that ended so: who is asked next, and as whom.
  [[nodiscard]] Error lose(Error why, bool has_begun);
  void turn_to_next() { current = (current + 1) % connections.size(); }

  Options options;
  std::vector<metadata::Client> connections;  // of each endpoint; interrupt() from any thread
  std::size_t current = 0;
  std::size_t api = 0;
  std::size_t tries = 0;  // of the last call
  std::string token;
};

metadata::ClientRequest Client::State::request(const std::string& path, std::string body) const {
  metadata::ClientRequest request{.method = "POST",
                                  .target = api_paths.at(api) + path,
                                  .headers = {{"Content-Type", "application/json"},
                                              // A member that has lost the leader says so, instead
                                              // of answering from what it had.
                                              {"Grpc-Metadata-hasleader", "true"}},
                                  .body = std::move(body)};
  if (!token.empty()) request.headers.emplace_back("Authorization", token);
  return request;
}

Error Client::State::refusal(const metadata::ClientResponse& response) const {
  if (auto refused = decode_refusal(response.body)) return std::move(*refused);
  constexpr int bad_gateway = 502;  // and what is above comes from something before etcd
  const auto code = response.status >= bad_gateway ? Code::unavailable : Code::invalid_argument;
  return {make_error_code(code), "HTTP status " + std::to_string(response.status)};
}

bool Client::State::is_older(const metadata::ClientResponse& response) {
  if (response.status != 404 || decode_refusal(response.body)) return false;
  api = (api + 1) % api_paths.size();
  return api != 0;
}

Result<void> Client::State::log_in() {
  std::string password;
  if (!options.access.password_file.empty()) {
    auto secret = client::read_secret(options.access.password_file);
    if (!secret) return secret.error();
    password = std::move(*secret);
  }
  token.clear();
  auto answer = call_once("/auth/authenticate", encode_login(options.access.user, password));
  // It is answered without being asked for when authentication is off.
  if (!answer) {
    return is(answer.error(), Code::failed_precondition) ? Result<void>() : answer.error();
  }
  auto given = decode_token(*answer);
  if (!given) return given.error();
  token = std::move(*given);
  return {};
}

Result<std::string> Client::State::call_once(const std::string& path, const std::string& body) {
  for (;;) {
    auto response = connections[current].send(request(path, body));
    if (!response) return response.error();
    if (response->status == 200) return std::move(response->body);
    if (!is_older(*response)) return refusal(*response);
  }
}

Result<std::string> Client::State::call(const std::string& path, const std::string& body) {
  const auto deadline = std::chrono::steady_clock::now() + options.timeout;
  bool has_logged_in = false;
  bool is_election = false;  // somebody is there, but has no leader yet
  for (tries = 1;; ++tries) {
    Result<std::string> answer = std::string();
    if (!options.access.user.empty() && token.empty()) {
      if (auto in = log_in(); !in) answer = in.error();
      has_logged_in = true;
    }
    if (answer) answer = call_once(path, body);
    if (answer) return answer;
    const std::string asked = options.endpoints[current];
    if (is_token_refused(answer.error()) && !has_logged_in && !options.access.user.empty()) {
      token.clear();
      continue;
    }
    if (!is_unavailable(answer.error())) return with_context(answer.error(), asked);
    turn_to_next();
    is_election |= is(answer.error(), Code::unavailable);
    const bool is_last = tries % connections.size() == 0;
    const auto next_round =
        std::chrono::steady_clock::now() + (is_last ? round_pause : round_pause * 0);
    if ((is_last && !is_election) || next_round >= deadline) {
      return with_context(answer.error(), asked);
    }
    std::this_thread::sleep_until(next_round);
  }
}

Error Client::State::lose(Error why, bool has_begun) {
  // A refused token ends a watch like a missing right.
  if (is_token_refused(why) || is(why, Code::permission_denied) ||
      why.text.find("permission denied") != std::string::npos) {
    token.clear();
  }
  const std::string asked = options.endpoints[current];
  const bool is_only_silent = has_begun && why.code == boost::system::errc::timed_out;
  if (!is_only_silent) turn_to_next();
  return with_context(std::move(why), asked);
}

Client::Client(Options options) : state_(std::make_unique<State>(std::move(options))) {}
Client::~Client() = default;

Result<Found> Client::get(const Get& get) {
  const auto answer = state_->call("/kv/range", encode(get));
  if (!answer) return answer.error();
  return decode_found(*answer);
}

Result<Found> Client::all(Get range) {
  Found whole;
  std::int64_t page = state_->options.page;
  for (;;) {
    range.limit = page;
    auto found = get(range);
    if (!found && is_too_large(found.error()) && page > 1) {
      page /= 2;  // the values are large
      continue;
    }
    if (!found) return found.error();
    if (whole.revision == 0) {
      whole.cluster = found->cluster;
      whole.revision = found->revision;
    }
    if (range.revision == 0) range.revision = found->revision;
    const bool is_last = static_cast<std::int64_t>(found->values.size()) >= found->count;
    whole.values.insert(whole.values.end(), std::make_move_iterator(found->values.begin()),
                        std::make_move_iterator(found->values.end()));
    whole.count = static_cast<std::int64_t>(whole.values.size());
    if (is_last || found->values.empty()) return whole;
    range.key = whole.values.back().key + '\0';
  }
}

Result<Committed> Client::commit(const Transaction& transaction) {
  const auto answer = state_->call("/kv/txn", encode(transaction));
  if (!answer) return answer.error();
  auto committed = decode_committed(*answer);
  if (committed) committed->is_repeated = state_->tries > 1;
  return committed;
}

Result<Lease> Client::grant(std::chrono::seconds time, std::int64_t id) {
  const auto answer = state_->call("/lease/grant", encode_grant(time, id));
  if (!answer) return answer.error();
  auto lease = decode_lease(*answer);
  if (lease) lease->granted = lease->left;
  return lease;
}

Result<std::chrono::seconds> Client::keep_alive(std::int64_t id) {
  const auto answer = state_->call("/lease/keepalive", encode_lease(id));
  if (!answer) return answer.error();
  if (auto refused = decode_refusal(*answer)) return std::move(*refused);
  const auto lease = decode_lease(*answer);
  if (!lease) return lease.error();
  return lease->left;
}

Result<void> Client::revoke(std::int64_t id) {
  const auto answer = state_->call("/kv/lease/revoke", encode_lease(id));
  if (!answer) return answer.error();
  return {};
}

Result<Lease> Client::time_to_live(std::int64_t id) {
  const auto answer = state_->call("/kv/lease/timetolive", encode_lease(id));
  if (!answer) return answer.error();
  return decode_lease(*answer);
}

Result<void> Client::watch(const Get& range, std::int64_t revision,
                           const std::function<bool(const Notice&)>& told) {
  State& state = *state_;
  if (!state.options.access.user.empty() && state.token.empty()) {
    if (auto in = state.log_in(); !in) {
      state.turn_to_next();
      return in.error();
    }
  }
  std::optional<Error> lost;
  bool has_begun = false;
  bool is_done = false;
  const auto take = [&](std::string_view line) {
    auto notice = decode_notice(line);
    if (!notice) {
      lost = notice.error();
      return false;
    }
    has_begun = true;
    is_done = !told(*notice) || notice->type == Notice::Type::compacted;
    return !is_done;
  };
  const auto response = state.connections[state.current].lines(
      state.request("/watch", encode_watch(range, revision)),
      {.head = time_of_a_try(state.options), .silence = state.options.silence}, take);
  if (is_done) return {};
  if (response && response->status != 200) {
    if (state.is_older(*response)) return watch(range, revision, told);
    lost = state.refusal(*response);
  } else if (!response) {
    lost = response.error();
  } else if (!lost) {
    lost = Error{make_error_code(Code::unavailable), "it ended the watch"};
  }
  return state.lose(std::move(*lost), has_begun);
}

void Client::interrupt() noexcept {
  for (auto& connection : state_->connections) connection.interrupt();
}

const std::string& Client::endpoint() const noexcept {
  return state_->options.endpoints[state_->current];
}

}  // namespace paddock::metadata::etcd
