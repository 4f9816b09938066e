// SPDX-License-Identifier: Apache-2.0
#include "dnsd/skydns_source.hpp"

#include "dnsd/skydns_etcd.hpp"
#include "dnsd/skydns_folder.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

namespace paddock::dnsd {

namespace {

dns::Error bad_location(std::string text) {
  return {make_error_code(boost::system::errc::invalid_argument), std::move(text)};
}

}  // namespace

dns::Result<SkyDnsLocation> parse_skydns_location(const std::string& text) {
  constexpr std::string_view scheme = "skydns:";
  if (!text.starts_with(scheme)) return bad_location("must begin with skydns:");
  const std::string rest = text.substr(scheme.size());
  SkyDnsLocation location;
  if (rest.starts_with('/')) {
    location.directory = rest;
    return location;
  }
  const auto host = rest.find("://");
  const std::string kind = rest.substr(0, host == std::string::npos ? 0 : host + 3);
  if (kind != "http://" && kind != "https://") {
    return bad_location("must be skydns:/FOLDER or skydns:http(s)://HOST:PORT[/PREFIX]");
  }
  std::istringstream members(rest);
  for (std::string member; std::getline(members, member, ',');) {
    if (member.starts_with(kind)) member = member.substr(kind.size());
    const auto slash = std::min(member.find('/'), member.size());
    if (slash == 0) return bad_location("has a member of etcd without a host");
    location.endpoints.push_back(kind + member.substr(0, slash));
    if (slash + 1 < member.size()) location.prefix = member.substr(slash);
  }
  while (location.prefix.ends_with('/')) location.prefix.pop_back();
  return location;
}

std::unique_ptr<SkyDnsSource> open_skydns_source(const SkyDnsLocation& location,
                                                 const metadata::Access& access,
                                                 std::function<void()> wake) {
  if (!location.directory.empty()) {
    return std::make_unique<SkyDnsFolder>(location.directory, location.prefix);
  }
  return std::make_unique<SkyDnsEtcd>(location, access, std::move(wake));
}

}  // namespace paddock::dnsd
