// SPDX-License-Identifier: Apache-2.0
#include "dnsd/option_values.hpp"

#include "dnsd/options.hpp"
#include "runtime/host_name.hpp"
#include "runtime/options.hpp"

#include <paddock/dns/upstream.hpp>

namespace paddock::dnsd {

std::optional<std::pair<dns::Name, std::chrono::seconds>> parse_zone_ttl(const std::string& text) {
  const auto equals = text.rfind('=');
  if (equals == std::string::npos) return std::nullopt;
  const auto zone = dns::Name::parse(text.substr(0, equals));
  const auto time = runtime::parse_duration(std::string_view(text).substr(equals + 1));
  if (!zone || !time || *time > std::chrono::hours{1}) return std::nullopt;
  return std::pair(*zone, std::chrono::duration_cast<std::chrono::seconds>(*time));
}

bool is_zone_begun(const std::string& text) { return text.find('=') != std::string::npos; }

std::vector<dns::StubZone> stub_zones(const Options& options) {
  std::vector<dns::StubZone> zones;
  for (const auto& text : options.stubs) {
    if (is_zone_begun(text)) {
      zones.push_back(dns::parse_stub_zone(text).value());
    } else {
      zones.back().upstreams.push_back(dns::parse_upstream(text).value());
    }
  }
  return zones;
}

namespace {

// What check_listen() has let pass.
std::vector<dns::Endpoint> parse_endpoints(const std::vector<std::string>& texts) {
  std::vector<dns::Endpoint> endpoints;
  for (const auto& text : texts) {
    if (text.starts_with(':')) {
      endpoints.push_back(dns::parse_endpoint("0.0.0.0" + text).value());
      endpoints.push_back(dns::parse_endpoint("[::]" + text).value());
    } else {
      endpoints.push_back(dns::parse_endpoint(text).value());
    }
  }
  return endpoints;
}

}  // namespace

std::vector<dns::Endpoint> listen_endpoints(const Options& options) {
  return parse_endpoints(options.listen);
}

std::vector<dns::Endpoint> probe_endpoints(const Options& options) {
  return parse_endpoints(options.probe_listen);
}

std::vector<boost::asio::ip::address> server_addresses(const Options& options) {
  std::vector<boost::asio::ip::address> addresses;
  for (const auto& text : options.server_addresses) {
    addresses.push_back(boost::asio::ip::make_address(text));
  }
  if (!addresses.empty()) return addresses;
  for (const auto& endpoint : listen_endpoints(options)) {
    if (!endpoint.address.is_unspecified()) addresses.push_back(endpoint.address);
  }
  return addresses;
}

std::optional<dns::Endpoint> reload_endpoint(const Options& options) {
  const std::string usual = options.answers.empty() ? "none" : "127.0.0.1:8113";
  const auto& wanted = options.listen_reload.empty() ? usual : options.listen_reload;
  if (wanted == "none") return std::nullopt;
  return dns::parse_endpoint(wanted).value();
}

std::string host_name(const Options& options) { return runtime::host_name(options.host_name); }

std::chrono::seconds ttl_of(const Options& options) {
  return std::chrono::duration_cast<std::chrono::seconds>(options.ttl);
}

std::chrono::seconds ttl_of(const Options& options, const dns::Name& zone) {
  for (const auto& text : options.zone_ttl) {
    const auto ttl = parse_zone_ttl(text);
    if (ttl && ttl->first == zone) return ttl->second;
  }
  return ttl_of(options);
}

}  // namespace paddock::dnsd
