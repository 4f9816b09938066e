// SPDX-License-Identifier: Apache-2.0
#include "client/server.hpp"

#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>

namespace paddock::metadata::client {
namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

Server unix_server(const std::string& text, std::string path) {
  if (!path.starts_with('/') || path.size() >= sizeof(sockaddr_un::sun_path)) {
    throw std::invalid_argument("server " + text +
                                ": the path of a unix socket is absolute and "
                                "has at most 107 bytes");
  }
  Server server;
  server.path = std::move(path);
  server.host = "localhost";
  return server;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() < 254 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

}  // namespace

Server parse_server(const std::string& text) {
  if (text.starts_with('/')) return unix_server(text, text);
  if (text.starts_with("unix:")) return unix_server(text, text.substr(5));
  Server server;
  server.is_tls = text.starts_with("https://");
  if (!server.is_tls && !text.starts_with("http://")) {
    throw std::invalid_argument("server " + text +
                                ": must be unix:/PATH, http://HOST:PORT or https://HOST:PORT");
  }
  const std::size_t begin = server.is_tls ? 8 : 7;
  server.host = text.substr(begin, text.find('/', begin) - begin);
  if (text.size() > begin + server.host.size() + 1) {
    throw std::invalid_argument("server " + text + ": nothing comes after host and port");
  }
  const bool has_brackets = server.host.starts_with('[');
  const auto host_end = has_brackets ? server.host.find(']') + 1 : server.host.rfind(':');
  server.name = server.host.substr(0, host_end);
  server.port = server.is_tls ? https_port : http_port;
  if (host_end < server.host.size()) {
    const char* end = server.host.data() + server.host.size();
    const auto [stop, failed] =
        std::from_chars(server.host.data() + host_end + 1, end, server.port);
    if (server.host[host_end] != ':' || failed != std::errc{} || stop != end) {
      throw std::invalid_argument("server " + text + ": the port is no number up to 65535");
    }
  }
  if (has_brackets && server.name.size() > 2) {
    server.name = server.name.substr(1, server.name.size() - 2);
  }
  boost::system::error_code is_a_name;
  boost::asio::ip::make_address(server.name, is_a_name);
  if (is_a_name && (has_brackets || !is_host_name(server.name))) {
    throw std::invalid_argument("server " + text +
                                ": the host is an IP address (IPv6 in brackets) or a name");
  }
  return server;
}

std::vector<Server> parse_servers(const std::string& text) {
  std::vector<Server> servers;
  std::string scheme;
  for (std::string_view rest = text;;) {
    const auto end = std::min(rest.find(','), rest.size());
    std::string one(rest.substr(0, end));
    if (const auto colon = one.find("://"); colon != std::string::npos) {
      scheme = one.substr(0, colon + 3);
    } else if (!one.starts_with('/') && !one.starts_with("unix:")) {
      one = scheme + one;
    }
    servers.push_back(parse_server(one));
    if (end == rest.size()) return servers;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace paddock::metadata::client
