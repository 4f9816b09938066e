// SPDX-License-Identifier: Apache-2.0
//
// Where a server is: from the text of an option to addresses to connect to.
#pragma once

#include <paddock/metadata/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace paddock::metadata::client {

using Deadline = std::chrono::steady_clock::time_point;

struct Server {
  std::string path;  // of a unix socket; empty: TCP
  std::string name;  // an address or a host's name, without brackets
  std::uint16_t port = 0;
  std::string host;  // what goes into the Host header
  bool is_tls = false;

  // For people: the path, or host and port.
  [[nodiscard]] const std::string& label() const { return path.empty() ? host : path; }
};

// The forms of a server in ClientOptions::server; throws std::invalid_argument for any other.
[[nodiscard]] Server parse_server(const std::string& text);
// One or several, separated by commas; the scheme is said once, or with each.
[[nodiscard]] std::vector<Server> parse_servers(const std::string& text);

// The addresses of a name, those to be preferred first; of an address or "localhost" at once.
// Asks the host's resolvers (/etc/hosts, /etc/resolv.conf) until the deadline, or until
// `interrupt` becomes readable.
[[nodiscard]] Result<std::vector<boost::asio::ip::address>> resolve(const std::string& name,
                                                                    Deadline deadline,
                                                                    int interrupt);

}  // namespace paddock::metadata::client
