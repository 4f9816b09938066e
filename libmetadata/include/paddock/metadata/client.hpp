// SPDX-License-Identifier: Apache-2.0
//
// A blocking HTTP client: one exchange, or one stream, each with deadlines. For our own servers and
// for those that sources follow; over unix sockets, TCP and TLS, where the server's certificate is
// always verified, for its name or address.
#pragma once

#include <paddock/metadata/access.hpp>
#include <paddock/metadata/error.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::metadata {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query, already escaped
  HeaderList headers = {};   // beside Host, Content-Length and Authorization
  std::string body = {};
};

struct ClientResponse {
  int status = 0;
  HeaderList headers;  // names in lower case
  std::string body;

  // "" when absent; `name` in lower case.
  [[nodiscard]] PADDOCK_METADATA_EXPORT std::string_view header(std::string_view name) const;
  [[nodiscard]] bool is_success() const { return status >= 200 && status < 300; }
  // What Retry-After asks for in seconds; absent, or a date: nothing.
  [[nodiscard]] PADDOCK_METADATA_EXPORT std::optional<std::chrono::seconds> retry_after() const;
};

struct ClientOptions {
  // "unix:/path", "/path", "http://host:port" or "https://host:port". A host is an address (IPv6 in
  // brackets) or a name; the port may be left out. Several of them, separated by commas, are to be
  // one as good as another: the client stays with one for as long as it takes connections.
  std::string server;
  Access access;
  std::chrono::milliseconds timeout{5000};        // of each whole exchange
  std::size_t body_limit = std::size_t{1} << 30;  // of an answer, and of a line of a stream
};

struct StreamLimits {
  std::chrono::milliseconds head{5000};     // until the answer begins
  std::chrono::milliseconds silence{5000};  // without one byte of its body
};

class PADDOCK_METADATA_EXPORT Client {
 public:
  // Connects at the first request and again whenever the connection was lost. Throws
  // std::invalid_argument for another form of `server`.
  explicit Client(ClientOptions options);
  explicit Client(std::string server, std::chrono::milliseconds timeout = std::chrono::seconds(5));
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Any status is an answer; an Error is: no connection, a certificate or file of `access` that
  // cannot be used, time-out, not HTTP, an answer over the limit, interrupted. A kept
  // connection that the server had closed in between is opened again once, for GET, HEAD, PUT and
  // DELETE, which may be repeated.
  [[nodiscard]] Result<ClientResponse> send(const ClientRequest& request);
  // send() in two steps, so that one thread has exchanges under way with several clients: what was
  // begun is finished before the client is asked for anything else.
  void begin(ClientRequest request);
  [[nodiscard]] Result<ClientResponse> finish();
  [[nodiscard]] Result<ClientResponse> get(std::string target);
  [[nodiscard]] Result<ClientResponse> put(std::string target, std::string json);
  [[nodiscard]] Result<ClientResponse> remove(std::string target);

  // Hands out the body as it arrives, in pieces however they were cut on the way; returns when
  // `piece` says false or the body ends. The first piece comes as soon as the answer has begun, and
  // may be empty. The result has the whole body when the status is not 200, and none otherwise. The
  // connection is closed at the end.
  [[nodiscard]] Result<ClientResponse> stream(const ClientRequest& request,
                                              const StreamLimits& limits,
                                              const std::function<bool(std::string_view)>& piece);
  // The same, line by line, each without its newline.
  [[nodiscard]] Result<ClientResponse> lines(const ClientRequest& request,
                                             const StreamLimits& limits,
                                             const std::function<bool(std::string_view)>& line);
  // Of a GET.
  [[nodiscard]] Result<ClientResponse> lines(const std::string& target,
                                             std::chrono::milliseconds silence,
                                             const std::function<bool(std::string_view)>& line);

  // Leaves a server that takes connections but is of no use, for the next one named; nothing with
  // one server only.
  void turn_to_next_server();

  // Makes the call under way on another thread, and all later ones, fail with operation_canceled.
  void interrupt() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace paddock::metadata
