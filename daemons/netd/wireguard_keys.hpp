// SPDX-License-Identifier: Apache-2.0
//
// This host's keys for WireGuard: made once, and kept in a file that is root's alone, so that peers
// need not be told anew.
#pragma once

#include <paddock/net/wireguard.hpp>

#include <string>

namespace paddock::netd {

struct WireguardKeys {
  net::WireguardKey private_key;
  net::WireguardKey public_key;
};

// Makes the file when there is none. Throws std::runtime_error with a sentence, also when what is
// in the file is no key, or cannot be read: another one is not made over it.
[[nodiscard]] WireguardKeys load_wireguard_keys(const std::string& path);

}  // namespace paddock::netd
