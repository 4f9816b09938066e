// SPDX-License-Identifier: Apache-2.0
//
// One TLS connection over a non-blocking socket, used like the socket: read() and write() behave
// as recv() and send() do, errno included. One thread at a time.
#pragma once

#include "tls/context.hpp"

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

struct ssl_st;

namespace paddock::metadata::tls {

// The most that one write takes: a TLS record.
inline constexpr std::size_t record_bytes = 16 * 1024;

class Session {
 public:
  // Of a client; `host` is a name or an address, which the server's certificate must be for.
  static std::unique_ptr<Session> connect(std::shared_ptr<const Context> context, int fd,
                                          const std::string& host);
  // Of a server.
  static std::unique_ptr<Session> accept(std::shared_ptr<const Context> context, int fd);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // 1 when established, else -1 and errno. read() and write() do it by themselves.
  [[nodiscard]] int handshake() noexcept;
  // 0: the peer has ended the connection. -1 and EAGAIN: when the socket is ready, see
  // wants_write(). -1 and EPROTO: see reason().
  [[nodiscard]] ssize_t read(char* into, std::size_t size) noexcept;
  [[nodiscard]] ssize_t write(const char* from, std::size_t size) noexcept;

  // Tells the peer that nothing more is written; the destructor does so, too.
  void end() noexcept;

  // Whether EAGAIN waits for the socket to take bytes, rather than to bring some.
  [[nodiscard]] bool wants_write() const noexcept;
  // Bytes have arrived and been deciphered that nobody has read.
  [[nodiscard]] bool has_pending() const noexcept;
  // Whether the peer has closed or broken the connection, or sent what nobody asked for.
  [[nodiscard]] bool is_spoilt() noexcept;
  [[nodiscard]] bool is_established() const noexcept;
  // Common name in the peer's verified certificate; without one, the first host, URI or mailbox it
  // is for, else "unnamed". Empty: it has shown none.
  [[nodiscard]] std::string peer_name() const;
  // Why TLS failed, for people; empty: it did not.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  Session(std::shared_ptr<const Context> context, int fd);
  [[nodiscard]] ssize_t outcome(int result) noexcept;

  std::shared_ptr<const Context> context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  bool has_failed_ = false;
  std::string reason_;
};

}  // namespace paddock::metadata::tls
