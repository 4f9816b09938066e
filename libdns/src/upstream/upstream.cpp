// SPDX-License-Identifier: Apache-2.0
#include <paddock/dns/upstream.hpp>

#include <algorithm>
#include <utility>

namespace paddock::dns {
namespace {

constexpr std::string_view tcp_scheme = "tcp://";
constexpr std::string_view tls_scheme = "tls://";
constexpr std::uint16_t tls_port = 853;  // RFC 7858, 3.1

Error bad_upstream(std::string_view text, const std::string& why) {
  return {make_error_code(boost::system::errc::invalid_argument),
          "\"" + std::string(text) + "\" " + why};
}

// Where somebody can be asked: port 0 is for listeners.
Result<Endpoint> parse_address(std::string_view text) {
  auto endpoint = parse_endpoint(text);
  if (endpoint && endpoint->port == 0) return bad_upstream(text, "has no port that can be asked");
  return endpoint;
}

// Whether the text of an endpoint says which port.
bool has_port(std::string_view text) {
  return text.find("]:") != text.npos || std::ranges::count(text, ':') == 1;
}

Result<Upstream> parse_tls(std::string_view text) {
  const std::string_view rest = text.substr(tls_scheme.size());
  const auto hash = std::min(rest.find('#'), rest.size());
  const auto address = rest.substr(0, hash);
  auto endpoint = parse_address(address);
  if (!endpoint) {
    return endpoint.error();
  }
  if (!has_port(address)) {
    endpoint->port = tls_port;
  }
  Upstream upstream{.endpoint = *endpoint, .transport = Upstream::Transport::tls};
  if (hash < rest.size()) {
    upstream.tls_name = rest.substr(hash + 1);
    if (upstream.tls_name.ends_with('.')) {
      upstream.tls_name.pop_back();  // certificates have none
    }
    if (upstream.tls_name.empty() || !Name::parse(upstream.tls_name)) {
      return bad_upstream(text, "has no name of a certificate behind its #");
    }
  }
  return upstream;
}

}  // namespace

Result<Upstream> parse_upstream(std::string_view text) {
  if (text.starts_with(tls_scheme)) {
    return parse_tls(text);
  }
  const bool is_tcp = text.starts_with(tcp_scheme);
  const auto endpoint = parse_address(is_tcp ? text.substr(tcp_scheme.size()) : text);
  if (!endpoint) {
    return endpoint.error();
  }
  return Upstream{.endpoint = *endpoint,
                  .transport = is_tcp ? Upstream::Transport::tcp : Upstream::Transport::udp};
}

std::string format(const Upstream& upstream) {
  switch (upstream.transport) {
    case Upstream::Transport::tcp:
      return std::string(tcp_scheme) + format(upstream.endpoint);
    case Upstream::Transport::tls:
      return std::string(tls_scheme) + format(upstream.endpoint) +
             (upstream.tls_name.empty() ? "" : "#" + upstream.tls_name);
    case Upstream::Transport::udp:
      break;
  }
  return format(upstream.endpoint);
}

Result<StubZone> parse_stub_zone(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == text.npos || equals == 0) {
    return bad_upstream(text, "is no ZONE=ADDRESS[,ADDRESS…], such as corp.example=10.0.0.1");
  }
  auto zone = Name::parse(text.substr(0, equals));
  if (!zone) {
    return bad_upstream(text, "does not begin with a zone: " + zone.error().text);
  }
  StubZone stub{.zone = *std::move(zone), .upstreams = {}};
  std::string_view rest = text.substr(equals + 1);
  do {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto upstream = parse_upstream(rest.substr(0, comma));
    if (!upstream) {
      return upstream.error();
    }
    stub.upstreams.push_back(*upstream);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  } while (!rest.empty());
  return stub;
}

}  // namespace paddock::dns
