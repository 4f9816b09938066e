// SPDX-License-Identifier: Apache-2.0
#include "tls/session.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

namespace paddock::metadata::tls {
namespace {

int descriptor_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool may_come_back() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int send_bytes(BIO* bio, const char* bytes, int size) {
  const ssize_t sent =
      ::send(descriptor_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  BIO_clear_retry_flags(bio);
  if (sent < 0 && may_come_back()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int receive_bytes(BIO* bio, char* bytes, int size) {
  const ssize_t received = ::recv(descriptor_of(bio), bytes, static_cast<std::size_t>(size), 0);
  BIO_clear_retry_flags(bio);
  if (received < 0 && may_come_back()) BIO_set_retry_read(bio);
  if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(received);
}

long control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int begin(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

// OpenSSL's own socket BIO raises SIGPIPE when the peer is gone.
BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    BIO_meth_set_write(made, send_bytes);
    BIO_meth_set_read(made, receive_bytes);
    BIO_meth_set_ctrl(made, control);
    BIO_meth_set_create(made, begin);
    return made;
  }();
  return method;
}

// Whom a certificate without a common name is for, as far as that is a name.
std::string alternative_name(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_URI && name->type != GEN_EMAIL) continue;
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.ia5)),
            static_cast<std::size_t>(ASN1_STRING_length(name->d.ia5))};
  }
  return {};
}

}  // namespace

Session::Session(std::shared_ptr<const Context> context, int fd)
    : context_(std::move(context)), ssl_(SSL_new(context_->get()), &SSL_free) {
  BIO* bio = BIO_new(socket_method());
  if (ssl_ == nullptr || bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  SSL_set_bio(ssl_.get(), bio, bio);
}

Session::~Session() { end(); }

// Not tried again when the socket is full: then nobody reads it.
void Session::end() noexcept {
  const bool is_told = (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0;
  if (!has_failed_ && is_established() && !is_told) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

std::unique_ptr<Session> Session::connect(std::shared_ptr<const Context> context, int fd,
                                          const std::string& host) {
  std::unique_ptr<Session> session(new Session(std::move(context), fd));
  SSL* ssl = session->ssl_.get();
  boost::system::error_code is_a_name;
  boost::asio::ip::make_address(host, is_a_name);
  if (is_a_name) {
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  }
  SSL_set_connect_state(ssl);
  return session;
}

std::unique_ptr<Session> Session::accept(std::shared_ptr<const Context> context, int fd) {
  std::unique_ptr<Session> session(new Session(std::move(context), fd));
  SSL_set_accept_state(session->ssl_.get());
  return session;
}

ssize_t Session::outcome(int result) noexcept {
  if (result > 0) return result;
  const int code = errno;
  const int kind = SSL_get_error(ssl_.get(), result);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
    errno = EAGAIN;
    return -1;
  }
  if (kind == SSL_ERROR_ZERO_RETURN) return 0;
  has_failed_ = true;
  const unsigned long first = ERR_peek_error();
  if (kind == SSL_ERROR_SYSCALL || ERR_GET_REASON(first) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    errno = kind == SSL_ERROR_SYSCALL && code != 0 ? code : ECONNRESET;
  } else {
    const long verified = SSL_get_verify_result(ssl_.get());
    const char* text = verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                                             : ERR_reason_error_string(first);
    reason_ = verified != X509_V_OK ? "its certificate is not accepted: " : "TLS: ";
    reason_ += text != nullptr ? text : "not understood";
    errno = EPROTO;
  }
  ERR_clear_error();
  return -1;
}

int Session::handshake() noexcept {
  ERR_clear_error();
  const ssize_t done = outcome(SSL_do_handshake(ssl_.get()));
  if (done == 0) errno = ECONNRESET;
  return done > 0 ? 1 : -1;
}

ssize_t Session::read(char* into, std::size_t size) noexcept {
  ERR_clear_error();
  return outcome(
      SSL_read(ssl_.get(), into, static_cast<int>(std::min<std::size_t>(size, 1U << 30))));
}

ssize_t Session::write(const char* from, std::size_t size) noexcept {
  ERR_clear_error();
  const ssize_t written =
      outcome(SSL_write(ssl_.get(), from, static_cast<int>(std::min(size, record_bytes))));
  if (written != 0) return written;
  errno = EPIPE;  // the peer has ended the connection
  return -1;
}

bool Session::wants_write() const noexcept { return SSL_want_write(ssl_.get()); }
bool Session::has_pending() const noexcept { return SSL_pending(ssl_.get()) > 0; }
bool Session::is_established() const noexcept { return SSL_is_init_finished(ssl_.get()) == 1; }

// What comes unasked may be TLS's own, such as a ticket to resume by.
bool Session::is_spoilt() noexcept {
  char byte = 0;
  ERR_clear_error();
  return outcome(SSL_peek(ssl_.get(), &byte, 1)) >= 0 || errno != EAGAIN;
}

std::string Session::peer_name() const {
  const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(ssl_.get()),
                                                           &X509_free);
  if (certificate == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return {};
  char name[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                            sizeof name);
  if (name[0] != '\0') return name;
  auto other = alternative_name(certificate.get());
  return other.empty() ? "unnamed" : other;
}

}  // namespace paddock::metadata::tls
