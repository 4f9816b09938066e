// SPDX-License-Identifier: Apache-2.0
//
// One connection of a client, bare or with TLS: blocking reads and writes with a deadline, which
// another thread may interrupt.
#pragma once

#include "client/server.hpp"
#include "http/listener.hpp"
#include "tls/session.hpp"

#include <paddock/metadata/access.hpp>
#include <paddock/metadata/error.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace paddock::metadata::client {

class Wire {
 public:
  // Of `access` only what TLS needs is used.
  Wire(Server server, Access access);

  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
  // Whether the server has closed the kept connection, or sent what nobody asked for.
  [[nodiscard]] bool is_spoilt() noexcept;
  // Tries the server's addresses in turn; with TLS it is established at the return.
  [[nodiscard]] Result<void> open(Deadline deadline);
  void close() noexcept;

  [[nodiscard]] Result<void> write(std::string_view bytes, Deadline deadline);
  // Appends what comes next to `into`; 0 when the server has closed.
  [[nodiscard]] Result<std::size_t> read(std::string& into, Deadline deadline);

  // Any thread. Everything fails with operation_canceled from then on.
  void interrupt() noexcept;

  [[nodiscard]] const Server& server() const noexcept { return server_; }
  // Closes; open() goes to this server from now on.
  void turn_to(Server server);
  // "read from /run/…: REASON"
  [[nodiscard]] Error failure(std::string_view what, int code) const;

 private:
  [[nodiscard]] Result<void> connect_unix();
  [[nodiscard]] Result<void> connect_tcp(const boost::asio::ip::address& address,
                                         Deadline deadline);
  [[nodiscard]] Result<void> begin_tls(Deadline deadline);
  // Until the socket is ready for `events`.
  [[nodiscard]] Result<void> wait(short events, std::string_view what, Deadline deadline);
  [[nodiscard]] Result<void> wait_for_tls(std::string_view what, Deadline deadline);

  Server server_;
  Access access_;
  http::Descriptor socket_;
  http::Descriptor interrupt_;
  std::shared_ptr<const tls::Context> context_;
  std::unique_ptr<tls::Session> session_;  // goes before the socket
};

}  // namespace paddock::metadata::client
