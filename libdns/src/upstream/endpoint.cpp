// SPDX-License-Identifier: Apache-2.0
#include <paddock/dns/upstream.hpp>

#include <boost/asio/ip/address.hpp>

#include <charconv>

namespace paddock::dns {
namespace {

Error bad_endpoint(std::string_view text) {
  return {make_error_code(boost::system::errc::invalid_argument),
          "\"" + std::string(text) +
              "\" is no address with an optional port, such as 10.0.0.1:53 or [fd00::1]:53"};
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  std::string_view host = text;
  std::string_view port;
  if (host.starts_with('[')) {
    const auto close = host.find(']');
    if (close == std::string_view::npos) {
      return bad_endpoint(text);
    }
    port = host.substr(close + 1);
    host = host.substr(1, close - 1);
  } else if (const auto colon = host.find(':');
             colon != std::string_view::npos &&
             host.find(':', colon + 1) == std::string_view::npos) {
    port = host.substr(colon);
    host = host.substr(0, colon);
  }
  boost::system::error_code failed;
  Endpoint endpoint{.address = boost::asio::ip::make_address(std::string(host), failed)};
  if (failed) {
    return bad_endpoint(text);
  }
  if (!port.empty()) {
    const auto* const end = port.data() + port.size();
    const auto [rest, status] = std::from_chars(port.data() + 1, end, endpoint.port);
    if (port[0] != ':' || port.size() == 1 || status != std::errc{} || rest != end) {
      return bad_endpoint(text);
    }
  }
  return endpoint;
}

std::string format(const Endpoint& endpoint) {
  const std::string host = endpoint.address.to_string();
  const std::string port = std::to_string(endpoint.port);
  return endpoint.address.is_v6() ? "[" + host + "]:" + port : host + ":" + port;
}

}  // namespace paddock::dns
