// SPDX-License-Identifier: Apache-2.0
//
// A server on loopback for the tests of HttpServer: it echoes, or answers as it is told.
#pragma once

#include "libmetadata/http/socket_client.hpp"
#include "support/happening.hpp"

#include <paddock/metadata/http_server.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace paddock::metadata {

using std::chrono::milliseconds;
using test::becomes_true;
using testing::SocketClient;
using Clock = std::chrono::steady_clock;

inline HttpOptions on_loopback() {
  HttpOptions options;
  options.tcp = {{boost::asio::ip::make_address("127.0.0.1"), 0}};
  return options;
}

// What the request was, as text.
inline Response echo(const Request& request) {
  std::string text(request.method);
  for (const auto segment : request.segments()) text.append(" ").append(segment);
  text.append(" [").append(request.body).append("]");
  return {.content_type = "text/plain", .body = text};
}

class Echo {
 public:
  explicit Echo(HttpOptions options = on_loopback(), HttpServer::Handler handler = echo)
      : server(std::move(options), std::move(handler)) {
    server.start();
  }
  SocketClient connect() { return SocketClient::to(server.tcp_endpoints().at(0)); }
  // The whole answer to these bytes, with the sending side closed behind them.
  std::string exchange(std::string_view bytes) {
    auto client = connect();
    client.send(bytes);
    client.end_sending();
    return client.read_all();
  }
  HttpServer server;
};

inline std::string get(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

inline bool ends_with(const std::string& text, std::string_view end) { return text.ends_with(end); }

}  // namespace paddock::metadata
