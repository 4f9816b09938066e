// SPDX-License-Identifier: Apache-2.0
#include "netd/wireguard_keys.hpp"

#include "netd/whole_file.hpp"

#include <openssl/evp.h>
#include <sys/random.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace paddock::netd {
namespace {

// RFC 7748, section 5: which bits of a scalar are given. WireGuard says them as they should be.
net::WireguardKey as_scalar(net::WireguardKey key) {
  key.octets.front() &= 248U;
  key.octets.back() = static_cast<std::uint8_t>((key.octets.back() & 127U) | 64U);
  return key;
}

net::WireguardKey make_private_key() {
  net::WireguardKey key;
  if (::getrandom(key.octets.data(), key.octets.size(), 0) !=
      static_cast<ssize_t>(key.octets.size()))
    throw std::runtime_error("make a key for WireGuard: " + std::generic_category().message(errno));
  return as_scalar(key);
}

net::WireguardKey public_key_of(const net::WireguardKey& key) {
  net::WireguardKey made;
  std::size_t size = made.octets.size();
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, key.octets.data(), key.octets.size()),
      EVP_PKEY_free);
  if (!pair || EVP_PKEY_get_raw_public_key(pair.get(), made.octets.data(), &size) != 1)
    throw std::runtime_error("make a key for WireGuard: OpenSSL has no X25519");
  return made;
}

}  // namespace

WireguardKeys load_wireguard_keys(const std::string& path) {
  auto text = read_whole(path);
  std::error_code hidden;
  if (text.empty() && !std::filesystem::exists(path, hidden) && !hidden) {
    const auto made = make_private_key();
    write_whole(path, made.to_string() + "\n", 0600);
    return {made, public_key_of(made)};
  }
  while (text.ends_with('\n')) text.pop_back();
  const auto key = net::WireguardKey::parse(text);
  if (!key)
    throw std::runtime_error(
        path +
        " holds no key of WireGuard that can be read; restore it, or remove it to "
        "have another one made");
  return {as_scalar(*key), public_key_of(*key)};
}

}  // namespace paddock::netd
