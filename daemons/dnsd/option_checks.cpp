// SPDX-License-Identifier: Apache-2.0
#include "dnsd/option_checks.hpp"

#include "dnsd/label_selector.hpp"
#include "dnsd/option_values.hpp"
#include "dnsd/static_zones.hpp"
#include "runtime/options.hpp"

#include <paddock/dns/rules.hpp>
#include <paddock/dns/upstream.hpp>

#include <boost/asio/ip/network_v6.hpp>

namespace paddock::dnsd {

namespace checks = runtime::checks;

std::string check_zone(const std::string& text) {
  const auto name = dns::Name::parse(text);
  if (!name) return "must be a domain name: " + name.error().text;
  return name->is_root() ? "must not be the root" : "";
}

std::string check_zone_label(const std::string& text) {
  return text.find('.') == std::string::npos && check_zone(text).empty()
             ? ""
             : "must be one label of a domain name";
}

std::string check_static_zone(const std::string& text) {
  const auto zone = parse_zone_option(text);
  return zone ? "" : zone.error().text;
}

std::string check_zone_or_none(const std::string& text) {
  return text == "none" ? "" : check_zone(text);
}

std::string check_selector(const std::string& text) {
  return LabelSelector::parse(text) ? "" : "must be KEY=VALUE,KEY!=VALUE,KEY in (A,B),!KEY";
}

std::string check_zone_ttl(const std::string& text) {
  return parse_zone_ttl(text) ? "" : "must be ZONE=TIME, up to 1h, as rancher.internal=1s";
}

std::string check_listen(const std::string& text) {
  return checks::endpoint()(text.starts_with(':') ? "0.0.0.0" + text : text);
}

std::string check_reload_listen(const std::string& text) {
  return text.empty() ? "" : checks::endpoint_or_none()(text);
}

std::string check_file_or_none(const std::string& text) {
  return text.empty() ? "" : checks::absolute_path()(text);
}

std::string check_visible(const std::string& text) {
  const auto equals = text.find('=');
  return equals == std::string::npos || equals == 0
             ? "must be NAMESPACE=NAMESPACE+NAMESPACE, or *= and namespaces"
             : "";
}

std::string check_upstream(const std::string& text) {
  return dns::parse_upstream(text) ? ""
                                   : "must be ADDRESS[:PORT], tcp://ADDRESS or "
                                     "tls://ADDRESS#NAME-OF-ITS-CERTIFICATE";
}

std::string check_stub(const std::string& text, const std::vector<std::string>& before) {
  const bool is_right = is_zone_begun(text) ? dns::parse_stub_zone(text).has_value()
                                            : !before.empty() && check_upstream(text).empty();
  return is_right ? "" : "must be ZONE=ADDRESS[,ADDRESS...], such as corp.example=10.0.0.1";
}

std::string check_rewrite(const std::string& text) {
  return dns::parse_rewrite(text) ? "" : "must be exact|prefix|suffix|regex FROM TO [ttl=30]";
}

std::string check_type(const std::string& text) {
  return dns::parse_type(text) ? "" : "must be a record type, such as AAAA or TYPE65";
}

std::string check_host(const std::string& text) {
  const auto entries = dns::parse_host_line(text);
  return entries && !entries->empty() ? "" : "must be an address and its names";
}

std::string check_dns64(const std::string& text) {
  boost::system::error_code failed;
  const auto prefix = boost::asio::ip::make_network_v6(text, failed);
  const auto length = failed ? 0 : prefix.prefix_length();
  const bool is_right = length % 8 == 0 && length >= 32 && (length <= 64 || length == 96);
  return text == "none" || is_right ? ""
                                    : "must be none, or an IPv6 prefix of 32, 40, 48, 56, 64 or 96 "
                                      "bits, such as 64:ff9b::/96";
}

}  // namespace paddock::dnsd
