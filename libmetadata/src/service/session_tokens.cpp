// SPDX-License-Identifier: Apache-2.0
#include "service/session_tokens.hpp"

#include "codec/base64.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace paddock::metadata::service {

SessionTokens::SessionTokens() {
  if (::getrandom(key_.data(), key_.size(), 0) != static_cast<ssize_t>(key_.size())) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
}

std::string SessionTokens::signed_text(std::string_view client, std::string_view until) const {
  const std::string text = std::string(until) + " " + std::string(client);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  ::HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return std::string(until) + "." +
         encode_base64({reinterpret_cast<const char*>(digest.data()), size});
}

std::string SessionTokens::make(std::string_view client, Clock::time_point until) const {
  return signed_text(client, std::to_string(until.time_since_epoch().count()));
}

bool SessionTokens::is_valid(std::string_view token, std::string_view client,
                             Clock::time_point now) const {
  Clock::rep until = 0;
  const auto point = token.find('.');
  if (point == std::string_view::npos) return false;
  const auto [end, failed] = std::from_chars(token.data(), token.data() + point, until);
  if (failed != std::errc{} || end != token.data() + point) return false;
  const std::string expected = signed_text(client, token.substr(0, point));
  return expected.size() == token.size() &&
         ::CRYPTO_memcmp(expected.data(), token.data(), token.size()) == 0 &&
         now.time_since_epoch().count() < until;
}

}  // namespace paddock::metadata::service
