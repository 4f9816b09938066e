// SPDX-License-Identifier: Apache-2.0
#include "client/response_reader.hpp"
#include "client/wire.hpp"

#include <paddock/metadata/client.hpp>

#include <cerrno>

namespace paddock::metadata {
namespace {

using client::ResponseReader;
using client::Wire;

std::string encode(const ClientRequest& request, const std::string& host) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + host + "\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (!request.body.empty() || request.method == "PUT" || request.method == "POST") {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

// May be sent again when nobody knows whether it arrived (RFC 9110 section 9.2.2).
bool is_repeatable(const std::string& method) { return method != "POST" && method != "PATCH"; }

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const {
  for (const auto& [candidate, value] : headers) {
    if (candidate == name) return value;
  }
  return {};
}

struct Client::State {
  State(const std::string& server, std::chrono::milliseconds limit)
      : wire(client::parse_server(server)), timeout(limit) {}

  Result<void> open(Wire::Deadline deadline);
  Result<ClientResponse> exchange(const ClientRequest& request, Wire::Deadline deadline);

  Wire wire;
  std::chrono::milliseconds timeout;
};

Result<void> Client::State::open(Wire::Deadline deadline) {
  if (wire.is_open() && !wire.is_spoilt()) return {};
  return wire.open(deadline);
}

Result<ClientResponse> Client::State::exchange(const ClientRequest& request,
                                               Wire::Deadline deadline) {
  if (auto opened = open(deadline); !opened) return opened.error();
  // A refusal may come before the whole body is taken: a failed write still reads the answer.
  const auto written = wire.write(encode(request, wire.server().host), deadline);
  ResponseReader reader(request.method == "HEAD");
  std::string bytes;
  auto state = ResponseReader::State::head;
  while (state == ResponseReader::State::head || state == ResponseReader::State::body) {
    const auto size = wire.read(bytes, deadline);
    if (!size) return written ? size.error() : written.error();
    if (*size == 0 && state == ResponseReader::State::head && bytes.empty()) {
      return wire.failure("read from", ECONNRESET);
    }
    state = *size == 0 ? reader.end() : reader.feed(bytes);
  }
  if (state == ResponseReader::State::broken) return wire.failure("read from", EPROTO);
  if (!reader.keep_alive || !bytes.empty()) wire.close();
  return std::move(reader.response);
}

Client::Client(std::string server, std::chrono::milliseconds timeout)
    : state_(std::make_unique<State>(server, timeout)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<ClientResponse> Client::send(const ClientRequest& request) {
  const auto deadline = std::chrono::steady_clock::now() + state_->timeout;
  const bool was_open = state_->wire.is_open();
  auto response = state_->exchange(request, deadline);
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

Result<ClientResponse> Client::lines(const std::string& target, std::chrono::milliseconds silence,
                                     const std::function<bool(std::string_view)>& line) {
  const auto deadline = [&] { return std::chrono::steady_clock::now() + silence; };
  Wire& wire = state_->wire;
  if (auto opened = state_->open(deadline()); !opened) return opened.error();
  struct Closing {
    Wire& wire;
    ~Closing() { wire.close(); }
  } const closing{wire};
  const ClientRequest request{.method = "GET", .target = target};
  if (auto sent = wire.write(encode(request, wire.server().host), deadline()); !sent) {
    return sent.error();
  }
  ResponseReader reader(false);
  std::string bytes;
  auto state = ResponseReader::State::head;
  while (state == ResponseReader::State::head || state == ResponseReader::State::body) {
    const auto size = wire.read(bytes, deadline());
    if (!size) return size.error();
    state = *size == 0 ? reader.end() : reader.feed(bytes);
    if (reader.response.status != 200) continue;
    std::string& body = reader.response.body;
    std::size_t begin = 0;
    for (auto end = body.find('\n'); end != std::string::npos; end = body.find('\n', begin)) {
      if (!line(std::string_view(body).substr(begin, end - begin))) {
        body.clear();
        return std::move(reader.response);
      }
      begin = end + 1;
    }
    body.erase(0, begin);
  }
  if (state == ResponseReader::State::broken) {
    return wire.failure("read from", reader.response.status == 0 ? EPROTO : ECONNRESET);
  }
  if (reader.response.status == 200) reader.response.body.clear();
  return std::move(reader.response);
}

void Client::interrupt() noexcept { state_->wire.interrupt(); }

}  // namespace paddock::metadata
