// SPDX-License-Identifier: Apache-2.0
#include "client/credentials.hpp"
#include "client/response_reader.hpp"
#include "client/wire.hpp"

#include <paddock/metadata/client.hpp>

#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>

namespace paddock::metadata {
namespace {

using client::Deadline;
using client::ResponseReader;
using client::Wire;

std::string encode(const ClientRequest& request, const std::string& host,
                   const std::string& authorization) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + host + "\r\n";
  if (!authorization.empty()) text += "Authorization: " + authorization + "\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (!request.body.empty() || request.method == "PUT" || request.method == "POST") {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

// May be sent again when nobody knows whether it arrived (RFC 9110 section 9.2.2).
bool is_repeatable(const std::string& method) { return method != "POST" && method != "PATCH"; }

bool is_open(ResponseReader::State state) {
  return state == ResponseReader::State::head || state == ResponseReader::State::body;
}

// Gives out the whole lines at the front of `text`; false when `line` wants no more.
bool take_lines(std::string& text, const std::function<bool(std::string_view)>& line) {
  std::size_t begin = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    if (!line(std::string_view(text).substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  text.erase(0, begin);
  return true;
}

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const {
  for (const auto& [candidate, value] : headers) {
    if (candidate == name) return value;
  }
  return {};
}

std::optional<std::chrono::seconds> ClientResponse::retry_after() const {
  const std::string_view text = header("retry-after");
  std::uint32_t seconds = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return std::chrono::seconds(seconds);
}

struct Client::State {
  explicit State(ClientOptions given)
      : options(std::move(given)),
        servers(client::parse_servers(options.server)),
        wire(servers.front(), options.access) {}

  void turn_to_next();
  // Connects to the first server from the present one on that takes the connection.
  Result<void> open(Deadline deadline);
  // Connects if need be, and sends.
  Result<void> send(const ClientRequest& request, Deadline deadline);
  // The answer to what was sent, whatever became of that.
  Result<ClientResponse> receive(const ClientRequest& request, const Result<void>& sent,
                                 Deadline deadline);
  Result<ClientResponse> exchange(const ClientRequest& request, Deadline deadline) {
    return receive(request, send(request, deadline), deadline);
  }
  Result<ClientResponse> stream(const ClientRequest& request, const StreamLimits& limits,
                                const std::function<bool(std::string& body)>& take);
  [[nodiscard]] Error broken(const ResponseReader& reader) const;

  ClientOptions options;
  const std::vector<client::Server> servers;
  std::size_t present = 0;  // of them
  // What was sent and is to be answered.
  struct Begun {
    ClientRequest request;
    Deadline deadline;
    bool was_open;  // the connection, before
    Result<void> sent;
  };
  std::optional<Begun> begun;
  Wire wire;
};

void Client::State::turn_to_next() {
  if (servers.size() == 1) return;
  present = (present + 1) % servers.size();
  wire.turn_to(servers[present]);
}

Result<void> Client::State::open(Deadline deadline) {
  for (std::size_t left = servers.size();; --left) {
    // One that does not answer leaves time for the others.
    const auto now = std::chrono::steady_clock::now();
    const auto share = (deadline - now) / static_cast<std::int64_t>(left);
    auto opened = wire.open(left == 1 ? deadline : now + share);
    const bool is_canceled =
        !opened && opened.error().code == boost::system::errc::operation_canceled;
    if (opened || is_canceled || left == 1) return opened;
    turn_to_next();
  }
}

Error Client::State::broken(const ResponseReader& reader) const {
  if (reader.is_too_large) return wire.failure("read from", EMSGSIZE);
  return wire.failure("read from", reader.response.status == 0 ? EPROTO : ECONNRESET);
}

Result<void> Client::State::send(const ClientRequest& request, Deadline deadline) {
  // A password in the open would be worse than no answer.
  const bool is_private = wire.server().is_tls || options.access.user.empty();
  std::string authorization;
  if (wire.server().path.empty() && is_private) {
    auto text = client::authorization(options.access);
    if (!text) {
      wire.close();  // nobody is to wait there for an answer to what was not sent
      return text.error();
    }
    authorization = std::move(*text);
  }
  if (!wire.is_open() || wire.is_spoilt()) {
    if (auto opened = open(deadline); !opened) return opened;
  }
  return wire.write(encode(request, wire.server().host, authorization), deadline);
}

Result<ClientResponse> Client::State::receive(const ClientRequest& request,
                                              const Result<void>& sent, Deadline deadline) {
  // A refusal may come before the whole body is taken: a failed write still reads the answer.
  if (!wire.is_open()) return sent.error();
  ResponseReader reader(request.method == "HEAD", options.body_limit);
  std::string bytes;
  auto state = ResponseReader::State::head;
  while (is_open(state)) {
    const auto size = wire.read(bytes, deadline);
    if (!size) return sent ? size.error() : sent.error();
    if (*size == 0 && state == ResponseReader::State::head && bytes.empty()) {
      return wire.failure("read from", ECONNRESET);
    }
    state = *size == 0 ? reader.end() : reader.feed(bytes);
  }
  if (state == ResponseReader::State::broken) {
    return reader.is_too_large ? broken(reader) : wire.failure("read from", EPROTO);
  }
  if (!reader.keep_alive || !bytes.empty()) wire.close();
  return std::move(reader.response);
}

Client::Client(ClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Client::Client(std::string server, std::chrono::milliseconds timeout)
    : Client(ClientOptions{.server = std::move(server), .access = {}, .timeout = timeout}) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<ClientResponse> Client::send(const ClientRequest& request) {
  begin(request);
  return finish();
}

void Client::begin(ClientRequest request) {
  const auto deadline = std::chrono::steady_clock::now() + state_->options.timeout;
  const bool was_open = state_->wire.is_open();
  auto sent = state_->send(request, deadline);
  state_->begun = State::Begun{std::move(request), deadline, was_open, std::move(sent)};
}

Result<ClientResponse> Client::finish() {
  const State::Begun begun = std::move(*std::exchange(state_->begun, std::nullopt));
  const auto& [request, deadline, was_open, sent] = begun;
  auto response = state_->receive(request, sent, deadline);
  if (response) return response;
  state_->wire.close();
  const auto& code = response.error().code;
  const bool was_closed_meanwhile = was_open && (code == boost::system::errc::connection_reset ||
                                                 code == boost::system::errc::broken_pipe);
  if (!was_closed_meanwhile || !is_repeatable(request.method)) return response;
  response = state_->exchange(request, deadline);
  if (!response) state_->wire.close();
  return response;
}

Result<ClientResponse> Client::get(std::string target) {
  return send({.method = "GET", .target = std::move(target)});
}

Result<ClientResponse> Client::put(std::string target, std::string json) {
  return send({.method = "PUT",
               .target = std::move(target),
               .headers = {{"Content-Type", "application/json"}},
               .body = std::move(json)});
}

Result<ClientResponse> Client::remove(std::string target) {
  return send({.method = "DELETE", .target = std::move(target)});
}

Result<ClientResponse> Client::State::stream(const ClientRequest& request,
                                             const StreamLimits& limits,
                                             const std::function<bool(std::string& body)>& take) {
  using Clock = std::chrono::steady_clock;
  struct Closing {
    Wire& wire;
    ~Closing() { wire.close(); }
  } const closing{wire};
  const auto head_deadline = Clock::now() + limits.head;
  if (auto sent = send(request, head_deadline); !sent) return sent.error();
  ResponseReader reader(request.method == "HEAD", options.body_limit);
  std::string bytes;
  auto state = ResponseReader::State::head;
  while (is_open(state)) {
    const auto size =
        wire.read(bytes, state == ResponseReader::State::head ? head_deadline
                                                              : Clock::now() + limits.silence);
    if (!size) return size.error();
    state = *size == 0 ? reader.end() : reader.feed(bytes);
    if (reader.response.status == 200 && !take(reader.response.body)) break;
  }
  if (state == ResponseReader::State::broken) return broken(reader);
  if (reader.response.status == 200) reader.response.body.clear();
  return std::move(reader.response);
}

Result<ClientResponse> Client::stream(const ClientRequest& request, const StreamLimits& limits,
                                      const std::function<bool(std::string_view)>& piece) {
  bool has_begun = false;
  return state_->stream(request, limits, [&](std::string& body) {
    if (std::exchange(has_begun, true) && body.empty()) return true;
    const bool wants_more = piece(body);
    body.clear();
    return wants_more;
  });
}

Result<ClientResponse> Client::lines(const ClientRequest& request, const StreamLimits& limits,
                                     const std::function<bool(std::string_view)>& line) {
  return state_->stream(request, limits, [&](std::string& body) { return take_lines(body, line); });
}

Result<ClientResponse> Client::lines(const std::string& target, std::chrono::milliseconds silence,
                                     const std::function<bool(std::string_view)>& line) {
  return lines({.method = "GET", .target = target}, {.head = silence, .silence = silence}, line);
}

void Client::turn_to_next_server() { state_->turn_to_next(); }

void Client::interrupt() noexcept { state_->wire.interrupt(); }

}  // namespace paddock::metadata
