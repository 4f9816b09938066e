// SPDX-License-Identifier: Apache-2.0
//
// Special-use domain names: answered here, never asked of anybody else.
#include <paddock/dns/zone.hpp>

#include <array>
#include <string_view>

namespace paddock::dns {
namespace {

constexpr std::chrono::seconds ttl{3600};

// RFC 6303: the reverse names of loopback addresses; that of ::1 is a zone by itself.
constexpr std::string_view local_v4 = "127.in-addr.arpa";
constexpr std::string_view local_v6 =
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa";

// RFC 9462, 4: what encrypted resolvers stand for this one; another's would not know our names.
constexpr std::string_view designated = "resolver.arpa";

constexpr std::array<std::string_view, 7> origins{"localhost", "invalid", "onion",   "alt",
                                                  local_v4,    local_v6,  designated};

Name name_of(std::string_view text) { return Name::parse(text).value(); }

}  // namespace

std::vector<ZoneSpec> special_use_zones() {
  std::vector<ZoneSpec> zones;
  for (const std::string_view origin : origins) {
    zones.push_back({.origin = name_of(origin),
                     .ttl = ttl,
                     .negative_ttl = ttl,
                     .missing = Missing::nxdomain,
                     .content = Content::fixed,
                     .mname = name_of(origin),
                     .rname = name_of("nobody.invalid")});
  }
  return zones;
}

std::vector<Record> special_use_records() {
  std::vector<Record> records;
  for (const std::string_view owner : {"localhost", "*.localhost"}) {
    for (const std::string_view address : {"127.0.0.1", "::1"}) {
      records.push_back(
          address_record(name_of(owner), boost::asio::ip::make_address(address), ttl));
    }
  }
  records.push_back({.owner = name_of("_dns.resolver.arpa"), .type = existence, .ttl = ttl});
  records.push_back(ptr_record(name_of("1.0.0.127.in-addr.arpa"), name_of("localhost"), ttl));
  records.push_back(ptr_record(name_of(local_v6), name_of("localhost"), ttl));
  return records;
}

}  // namespace paddock::dns
