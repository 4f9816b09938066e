// SPDX-License-Identifier: Apache-2.0
#include "tls/context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <algorithm>

namespace paddock::metadata::tls {
namespace {

// OpenSSL's reason for the last failure of this thread; "cannot be used" when it has none.
std::string reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string why = text != nullptr ? text
                    : ERR_SYSTEM_ERROR(code) != 0
                        ? std::generic_category().message(static_cast<int>(ERR_GET_REASON(code)))
                        : "cannot be used";
  ERR_clear_error();
  return why;
}

Error unusable(const std::string& what, const std::string& file) {
  return {make_error_code(boost::system::errc::invalid_argument),
          what + " " + file + ": " + reason()};
}

// Tells a file from an earlier or later one of its name, also one moved into place.
std::string stat_of(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + ":" +
         std::to_string(status.st_size) + ":" + std::to_string(status.st_mtim.tv_sec) + "." +
         std::to_string(status.st_mtim.tv_nsec);
}

}  // namespace

Context::Context(ssl_ctx_st* context) : context_(context, &SSL_CTX_free) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
}

void Context::remember(const std::string& file) { files_.emplace_back(file, stat_of(file)); }

bool Context::is_current() const {
  return std::all_of(files_.begin(), files_.end(), [](const auto& known) {
    const auto now = stat_of(known.first);
    return now.empty() || now == known.second;  // a file between two names is waited for
  });
}

Result<void> Context::use_certificate(const std::string& certificate, const std::string& key) {
  const std::string& key_file = key.empty() ? certificate : key;
  remember(certificate);
  remember(key_file);
  if (SSL_CTX_use_certificate_chain_file(get(), certificate.c_str()) != 1) {
    return unusable("certificate", certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(get()) != 1) {
    return unusable("key", key_file);
  }
  return {};
}

Result<void> Context::trust(const std::string& ca_file) {
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(get()) == 1) return {};
    return unusable("certificates trusted by", "the system");
  }
  remember(ca_file);
  if (SSL_CTX_load_verify_file(get(), ca_file.c_str()) != 1) {
    return unusable("CA certificates", ca_file);
  }
  return {};
}

Result<std::shared_ptr<const Context>> Context::for_client(const Access& access) {
  ERR_clear_error();
  std::shared_ptr<Context> context(new Context(SSL_CTX_new(TLS_client_method())));
  SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER, nullptr);
  if (auto trusted = context->trust(access.ca_file); !trusted) return trusted.error();
  if (!access.certificate_file.empty()) {
    const auto used = context->use_certificate(access.certificate_file, access.key_file);
    if (!used) return used.error();
  }
  return std::shared_ptr<const Context>(std::move(context));
}

Result<std::shared_ptr<const Context>> Context::for_server(const ServerTls& tls) {
  ERR_clear_error();
  std::shared_ptr<Context> context(new Context(SSL_CTX_new(TLS_server_method())));
  const auto used = context->use_certificate(tls.certificate_file, tls.key_file);
  if (!used) return used.error();
  // Clients come rarely and stay; resuming is not worth a state that outlives certificates.
  SSL_CTX_set_session_cache_mode(context->get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context->get(), 0);
  SSL_CTX_set_options(context->get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  if (!tls.client_ca_file.empty()) {
    if (auto trusted = context->trust(tls.client_ca_file); !trusted) return trusted.error();
    SSL_CTX_set_client_CA_list(context->get(), SSL_load_client_CA_file(tls.client_ca_file.c_str()));
    const int demand = tls.certificate_is_optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER | demand, nullptr);
  }
  return std::shared_ptr<const Context>(std::move(context));
}

}  // namespace paddock::metadata::tls
