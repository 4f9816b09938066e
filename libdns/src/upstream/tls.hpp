// SPDX-License-Identifier: Apache-2.0
//
// TLS towards other resolvers (RFC 7858): a resolver whose certificate is not
// right is not spoken to (RFC 8310, the strict profile).
#pragma once

#include <paddock/dns/upstream.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct ssl_ctx_st;
struct ssl_st;
struct ssl_session_st;

namespace paddock::dns::upstream {

// Which certificates are trusted. Any number of threads may use it.
class TlsContext {
 public:
  // `ca_file` holds the trusted certificates (PEM); empty: those of the system.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> open(const std::string& ca_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsSession;
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

struct TlsSessionFree {
  void operator()(ssl_session_st* session) const;
};
using TlsTicket = std::unique_ptr<ssl_session_st, TlsSessionFree>;

// The client's end on one connected, non-blocking socket, which it borrows.
class TlsSession {
 public:
  enum class Step { done, wants_read, wants_write, failed };

  // `ticket` of an earlier session saves a round trip; it may be null. Fails for want of memory.
  TlsSession(const TlsContext& context, const Upstream& resolver, int descriptor,
             const TlsTicket& ticket);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  [[nodiscard]] Step handshake();
  // Done: `size` octets were read or written.
  [[nodiscard]] Step read(std::span<std::uint8_t> to, std::size_t& size);
  [[nodiscard]] Step write(std::span<const std::uint8_t> from, std::size_t& size);

  // For the next session with the same resolver; null when it gave none.
  [[nodiscard]] TlsTicket ticket() const;

 private:
  [[nodiscard]] Step step(int result);
  ssl_st* session_;
};

}  // namespace paddock::dns::upstream
