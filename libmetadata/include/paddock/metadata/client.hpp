// SPDX-License-Identifier: Apache-2.0
//
// A blocking HTTP client for our own servers: one exchange, or one stream of lines, each with a
// deadline. Used by netd to register pods, by the command line tool and by Follower.
#pragma once

#include <paddock/metadata/error.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::metadata {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query, already escaped
  HeaderList headers = {};   // beside Host, Content-Length and Connection
  std::string body = {};
};

struct ClientResponse {
  int status = 0;
  HeaderList headers;  // names in lower case
  std::string body;

  // "" when absent; `name` in lower case.
  [[nodiscard]] PADDOCK_METADATA_EXPORT std::string_view header(std::string_view name) const;
  [[nodiscard]] bool is_success() const { return status >= 200 && status < 300; }
};

class PADDOCK_METADATA_EXPORT Client {
 public:
  // `server` is "unix:/path", "/path" or "http://host:port" (host: an address or "localhost").
  // Connects at the first request and again whenever the connection was lost. Throws
  // std::invalid_argument for another form. `timeout` bounds each whole exchange.
  explicit Client(std::string server, std::chrono::milliseconds timeout = std::chrono::seconds(5));
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Any status is an answer; an Error is: no connection, time-out, not HTTP, interrupted. A kept
  // connection that the server had closed in between is opened again once, for GET, HEAD, PUT and
  // DELETE, which may be repeated.
  [[nodiscard]] Result<ClientResponse> send(const ClientRequest& request);
  [[nodiscard]] Result<ClientResponse> get(std::string target);
  [[nodiscard]] Result<ClientResponse> put(std::string target, std::string json);
  [[nodiscard]] Result<ClientResponse> remove(std::string target);

  // Reads the body of a GET line by line as it arrives; returns when `line` says false or the body
  // ends. `silence` bounds the time without one byte. The result has the whole body when the
  // status is not 200, and none otherwise. The connection is closed at the end.
  [[nodiscard]] Result<ClientResponse> lines(const std::string& target,
                                             std::chrono::milliseconds silence,
                                             const std::function<bool(std::string_view)>& line);

  // Makes the call under way on another thread, and all later ones, fail with operation_canceled.
  void interrupt() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace paddock::metadata
