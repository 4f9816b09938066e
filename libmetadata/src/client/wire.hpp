// SPDX-License-Identifier: Apache-2.0
//
// One connection of a client: blocking reads and writes with a deadline, which another thread may
// interrupt.
#pragma once

#include "http/listener.hpp"

#include <paddock/metadata/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace paddock::metadata::client {

// Where a server is. `host` is what goes into the Host header.
struct Server {
  std::string path;  // of a unix socket; empty: TCP
  boost::asio::ip::address address;
  std::uint16_t port = 0;
  std::string host;
};

// The forms of Client's constructor; throws std::invalid_argument for any other.
[[nodiscard]] Server parse_server(const std::string& text);

class Wire {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  explicit Wire(Server server);

  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
  // Whether the server has closed the kept connection, or sent what nobody asked for.
  [[nodiscard]] bool is_spoilt() const noexcept;
  [[nodiscard]] Result<void> open(Deadline deadline);
  void close() noexcept;

  [[nodiscard]] Result<void> write(std::string_view bytes, Deadline deadline);
  // Appends what comes next to `into`; 0 when the server has closed.
  [[nodiscard]] Result<std::size_t> read(std::string& into, Deadline deadline);

  // Any thread. Everything fails with operation_canceled from then on.
  void interrupt() noexcept;

  [[nodiscard]] const Server& server() const noexcept { return server_; }
  // "read from /run/…: REASON"
  [[nodiscard]] Error failure(std::string_view what, int code) const;

 private:
  // Until the socket is ready for `events`.
  [[nodiscard]] Result<void> wait(short events, std::string_view what, Deadline deadline);

  Server server_;
  http::Descriptor socket_;
  http::Descriptor interrupt_;
};

}  // namespace paddock::metadata::client
