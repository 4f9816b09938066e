// SPDX-License-Identifier: Apache-2.0
#include "upstream/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <new>

namespace paddock::dns::upstream {
namespace {

Error tls_error(const std::string& what) {
  char reason[256] = "unknown";
  if (const auto code = ::ERR_peek_last_error(); code != 0) {
    ::ERR_error_string_n(code, reason, sizeof reason);
  }
  ::ERR_clear_error();
  return {make_error_code(boost::system::errc::invalid_argument), what + ": " + reason};
}

// What decides whose certificate is right: without it any would be.
void must(int result) {
  if (result != 1) {
    throw std::bad_alloc();
  }
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::open(const std::string& ca_file) {
  ssl_ctx_st* const context = ::SSL_CTX_new(::TLS_client_method());
  if (context == nullptr) {
    throw std::bad_alloc();
  }
  std::shared_ptr<const TlsContext> opened(new TlsContext(context));
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const bool is_loaded = ca_file.empty()
                             ? ::SSL_CTX_set_default_verify_paths(context) == 1
                             : ::SSL_CTX_load_verify_file(context, ca_file.c_str()) == 1;
  if (!is_loaded) {
    return tls_error("cannot read trusted certificates from " +
                     (ca_file.empty() ? "the system's store" : ca_file));
  }
  return opened;
}

TlsContext::~TlsContext() { ::SSL_CTX_free(context_); }

void TlsSessionFree::operator()(ssl_session_st* session) const { ::SSL_SESSION_free(session); }

TlsSession::TlsSession(const TlsContext& context, const Upstream& resolver, int descriptor,
                       const TlsTicket& ticket)
    : session_(::SSL_new(context.context_)) {
  static constexpr unsigned char dot[] = "\3dot";
  if (session_ == nullptr || ::SSL_set_fd(session_, descriptor) != 1) {
    throw std::bad_alloc();
  }
  if (resolver.tls_name.empty()) {
    const auto address = resolver.endpoint.address.to_string();
    must(::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(session_), address.c_str()));
  } else {
    ::SSL_set_hostflags(session_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    must(::SSL_set1_host(session_, resolver.tls_name.c_str()));
    // What the macro SSL_set_tlsext_host_name() does, without its cast.
    ::SSL_ctrl(session_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(resolver.tls_name.c_str()));
  }
  ::SSL_set_alpn_protos(session_, dot, sizeof dot - 1);
  if (ticket) {
    ::SSL_set_session(session_, ticket.get());
  }
  ::SSL_set_connect_state(session_);
}

TlsSession::~TlsSession() { ::SSL_free(session_); }

TlsSession::Step TlsSession::step(int result) {
  const auto error = ::SSL_get_error(session_, result);
  ::ERR_clear_error();
  switch (error) {
    case SSL_ERROR_NONE:
      return Step::done;
    case SSL_ERROR_WANT_READ:
      return Step::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return Step::wants_write;
    default:
      return Step::failed;
  }
}

TlsSession::Step TlsSession::handshake() { return step(::SSL_do_handshake(session_)); }

TlsSession::Step TlsSession::read(std::span<std::uint8_t> to, std::size_t& size) {
  return step(::SSL_read_ex(session_, to.data(), to.size(), &size));
}

TlsSession::Step TlsSession::write(std::span<const std::uint8_t> from, std::size_t& size) {
  return step(::SSL_write_ex(session_, from.data(), from.size(), &size));
}

TlsTicket TlsSession::ticket() const {
  ssl_session_st* const session = ::SSL_get1_session(session_);
  TlsTicket ticket(session);
  return session != nullptr && ::SSL_SESSION_is_resumable(session) == 1 ? std::move(ticket)
                                                                        : nullptr;
}

}  // namespace paddock::dns::upstream
